# cmake --install: library, header, CMake package, pkg-config file.
include(CMakePackageConfigHelpers)
install(TARGETS newproc EXPORT newproc-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/capi/include/newproc.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT newproc-targets NAMESPACE newproc:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/newproc)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/newproc-config.cmake.in
  ${PROJECT_BINARY_DIR}/newproc-config.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/newproc)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/newproc-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/newproc-config.cmake ${PROJECT_BINARY_DIR}/newproc-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/newproc)
configure_file(${PROJECT_SOURCE_DIR}/cmake/newproc.pc.in ${PROJECT_BINARY_DIR}/newproc.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/newproc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
