# Everything here is a Debian 12 package; scenarios/setup installs them.
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Threads REQUIRED)
pkg_check_modules(LIBNL REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
pkg_check_modules(LXC REQUIRED IMPORTED_TARGET lxc)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf)
