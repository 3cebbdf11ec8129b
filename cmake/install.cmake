# What `cmake --install` puts where. The man pages and the completion are made by the program itself.
include(GNUInstallDirs)

set(manual ${PROJECT_BINARY_DIR}/manual)
add_custom_command(
  OUTPUT ${manual}/issu.1 ${manual}/completion
  COMMAND issu manpage --all ${manual}
  COMMAND issu completion bash > ${manual}/completion
  DEPENDS issu
  COMMENT "Man pages and completion"
  VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual}/issu.1 ${manual}/completion)

# The programs stand in one folder: they start each other from there.
foreach(program issu issu-criu issu-fibwatch issu-init issu-npud issu-probe)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(DIRECTORY ${manual}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
install(FILES ${manual}/completion RENAME issu
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
