# One program and one ctest for each csrc/tests/test_*.c.
file(GLOB tests CONFIGURE_DEPENDS csrc/tests/test_*.c)
if(NOT PCF_HAVE_BPF)
  list(FILTER tests EXCLUDE REGEX "/test_walk_") # the walk's own parts are not in the library then
endif()
foreach(test IN LISTS tests)
  get_filename_component(name ${test} NAME_WE)
  add_executable(${name} ${test})
  target_link_libraries(${name} PRIVATE pcf_static)
  target_compile_definitions(${name} PRIVATE PCF_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endforeach()
