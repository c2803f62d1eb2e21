# What `cmake --install` puts where: libpcf.a, libpcf.so.0, its headers, and pcf.pc for pkg-config.
install(TARGETS pcf_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

if(PCF_SHARED)
  add_library(pcf_shared SHARED ${PCF_OBJECTS})
  # Before 1.0 every minor version may change the interface, so the soname carries it.
  set_target_properties(pcf_shared PROPERTIES OUTPUT_NAME pcf VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_link_libraries(pcf_shared PRIVATE Threads::Threads m)
  if(PCF_HAVE_BPF)
    target_link_libraries(pcf_shared PRIVATE PkgConfig::LIBBPF)
  endif()
  if(NOT PCF_SANITIZE)
    target_link_options(pcf_shared PRIVATE -Wl,--no-undefined)
  endif()
  install(TARGETS pcf_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

install(FILES csrc/include/pcf.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY csrc/include/pcf DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES csrc/columns.def DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pcf)
file(RELATIVE_PATH PCF_PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(PCF_REQUIRES_PRIVATE "")
if(PCF_HAVE_BPF)
  set(PCF_REQUIRES_PRIVATE libbpf)
endif()
configure_file(cmake/pcf.pc.in pcf.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pcf.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
