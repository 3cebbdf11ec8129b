# How a part of the house is built: one library a folder, its dependencies named once.

add_library(issu_options INTERFACE)
target_include_directories(issu_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(issu_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                              -Wnon-virtual-dtor -Wold-style-cast
                                              # members have their defaults beside them
                                              -Wno-missing-field-initializers)
# GCC 12 warns at -O3 of overlaps and overflows inside std::string and std::vector that are not
# there (GCC bugs 105651, 105329).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(issu_options INTERFACE -Wno-restrict -Wno-stringop-overflow
                                                -Wno-array-bounds)
endif()
if(ISSU_WERROR)
  target_compile_options(issu_options INTERFACE -Werror)
endif()
if(ISSU_SANITIZE)
  target_compile_options(issu_options INTERFACE -fsanitize=${ISSU_SANITIZE}
                                                -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(issu_options INTERFACE -fsanitize=${ISSU_SANITIZE})
  # What a sanitizer adds hides from GCC that std::regex sets what it reads (GCC bug 105562).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(issu_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

find_program(ISSU_CCACHE ccache)
if(ISSU_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ISSU_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${ISSU_CCACHE})
endif()

# The release build compiles the files of a part together (CMake: unity build): that is a third
# of the compilations. issu_alone(FILES...): these are compiled one by one there as well, as
# all are in the other builds.
function(issu_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# issu_guarded(OUT FOLDERS...): the files of the folders that have guards of the product. They are
# compiled alone, so that a test can put its own in their place.
function(issu_guarded out)
  set(found)
  foreach(folder ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    foreach(source ${sources})
      file(STRINGS ${source} lines REGEX "ISSU_GUARD\\(")
      if(lines)
        list(APPEND found ${source})
      endif()
    endforeach()
  endforeach()
  issu_alone(${found})
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# issu_library(NAME SOURCES a.cpp b.cpp DEPENDS lib...)
function(issu_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC issu_options ${arg_DEPENDS})
endfunction()

# doctest's main is compiled once, not once a test.
if(ISSU_TESTS)
  add_library(issu_test_main OBJECT ${PROJECT_SOURCE_DIR}/tests/main.cpp)
  target_link_libraries(issu_test_main PRIVATE issu_options)
endif()

# issu_needs_machine(TEST LABELS): what else may run beside a test. A lab of containers has its own
# namespaces and waits for timers most of the time, so two of them fit two processors. Of the tests
# that do without a lab and count what is there (namespaces, mounts, clocks) one runs at a time. A
# virtual machine, whose processor is a program itself, has the machine alone.
function(issu_needs_machine test labels)
  if("root" IN_LIST labels OR "criu" IN_LIST labels OR "browser" IN_LIST labels)
    set_tests_properties(${test} PROPERTIES RESOURCE_LOCK machine)
  endif()
  if("qemu" IN_LIST labels)
    set_tests_properties(${test} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# issu_patience(OUT SECONDS): how long a test may take in this build; with a sanitizer in it it is
# slower by ten or twenty times.
function(issu_patience out seconds)
  if(ISSU_SANITIZE)
    math(EXPR seconds "${seconds} * 20")
  endif()
  set(${out} ${seconds} PARENT_SCOPE)
endfunction()

# issu_test(NAME SOURCES a.cpp DEPENDS lib... LABELS unit|root|lxc|criu|qemu|browser TIMEOUT seconds)
function(issu_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES} $<TARGET_OBJECTS:issu_test_main>)
  target_link_libraries(${name} PRIVATE issu_options ${arg_DEPENDS})
  target_compile_definitions(${name} PRIVATE
    ISSU_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ISSU_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
    ISSU_BUILD_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  issu_patience(timeout ${arg_TIMEOUT})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${timeout})
  # Compiled for being read by a debugger, not for speed: a test waits for its compiler longer than
  # for itself. What it tests is compiled as it is shipped.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  issu_needs_machine(${name} "${arg_LABELS}")
endfunction()

# issu_fuzz(NAME SOURCES a.cpp DEPENDS lib... CORPUS folders or files [SECONDS most]): a fuzz target
# with our own driver. As a test it runs for ISSU_FUZZ_SECONDS, SECONDS at the most.
set(ISSU_FUZZ_SECONDS 2 CACHE STRING "Seconds that each fuzzer runs as a test")
function(issu_fuzz name)
  cmake_parse_arguments(arg "" "SECONDS" "SOURCES;DEPENDS;CORPUS" ${ARGN})
  add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/driver.cpp)
  target_link_libraries(${name} PRIVATE issu_options issu_base ${arg_DEPENDS})
  set(seconds ${ISSU_FUZZ_SECONDS})
  if(arg_SECONDS AND arg_SECONDS LESS seconds)
    set(seconds ${arg_SECONDS})
  endif()
  add_test(NAME ${name} COMMAND ${name} --seconds ${seconds} ${arg_CORPUS})
  math(EXPR timeout "${seconds} + 120")
  set_tests_properties(${name} PROPERTIES LABELS "unit" TIMEOUT ${timeout})
endfunction()
