# One program for each csrc/fuzz/fuzz_*.c (it defines LLVMFuzzerTestOneInput). With clang it is a libFuzzer
# program; other compilers get a small driver that takes the same arguments and mutates the seeds blindly.
file(GLOB targets CONFIGURE_DEPENDS csrc/fuzz/fuzz_*.c)
foreach(target IN LISTS targets)
  get_filename_component(name ${target} NAME_WE)
  add_executable(${name} ${target})
  target_link_libraries(${name} PRIVATE pcf_static)
  if(CMAKE_C_COMPILER_ID MATCHES Clang)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE csrc/fuzz/driver.c)
  endif()
endforeach()
