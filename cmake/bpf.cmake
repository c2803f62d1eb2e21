# The eBPF programs: csrc/bpf/NAME.bpf.c -> build/bpf/NAME.skel.h, a C header that carries the program in it.
# They need clang (any that has the bpf target), bpftool and libbpf. Without them libpcf is built all the same,
# says so, and reads files only.
set(PCF_BPF AUTO CACHE STRING "Build the eBPF programs: AUTO (when the tools are there), ON, OFF")
set_property(CACHE PCF_BPF PROPERTY STRINGS AUTO ON OFF)

set(PCF_BPF_MISSING "")
if(PCF_BPF STREQUAL "OFF")
  set(PCF_BPF_MISSING "switched off (PCF_BPF=OFF)")
else()
  find_program(PCF_CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14)
  find_program(PCF_BPFTOOL bpftool PATHS /usr/sbin /usr/local/sbin)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(LIBBPF IMPORTED_TARGET libbpf>=1.0)
  endif()
  if(NOT PCF_CLANG)
    set(PCF_BPF_MISSING "clang is missing")
  elseif(NOT PCF_BPFTOOL)
    set(PCF_BPF_MISSING "bpftool is missing")
  elseif(NOT LIBBPF_FOUND)
    set(PCF_BPF_MISSING "libbpf is missing (pkg-config finds no libbpf 1.0 or later)")
  else()
    # Some distributions install a bpftool that only says which package to install for the running kernel.
    execute_process(COMMAND ${PCF_BPFTOOL} version RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
    if(NOT status EQUAL 0)
      set(PCF_BPF_MISSING "${PCF_BPFTOOL} does not run")
    endif()
  endif()
endif()

if(PCF_BPF_MISSING)
  set(PCF_HAVE_BPF OFF)
  if(PCF_BPF STREQUAL "ON")
    message(FATAL_ERROR "no eBPF: ${PCF_BPF_MISSING}; apt install clang bpftool libbpf-dev")
  endif()
  message(STATUS "libpcf without eBPF: ${PCF_BPF_MISSING}; apt install clang bpftool libbpf-dev")
  add_compile_definitions(PCF_HAVE_BPF=0 "PCF_BPF_MISSING=\"${PCF_BPF_MISSING}\"")
  file(WRITE ${CMAKE_BINARY_DIR}/link-libraries "")
  file(WRITE ${CMAKE_BINARY_DIR}/bpf-missing "${PCF_BPF_MISSING}")
  return()
endif()

set(PCF_HAVE_BPF ON)
message(STATUS "libpcf with eBPF: ${PCF_CLANG}, libbpf ${LIBBPF_VERSION}")
add_compile_definitions(PCF_HAVE_BPF=1)
file(WRITE ${CMAKE_BINARY_DIR}/link-libraries "bpf") # what the extension module links besides libpcf.a
file(WRITE ${CMAKE_BINARY_DIR}/bpf-missing "")

string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
if(processor MATCHES "^(x86_64|amd64|i.86)$")
  set(PCF_BPF_TARGET x86)
elseif(processor MATCHES "^(aarch64|arm64)$")
  set(PCF_BPF_TARGET arm64)
elseif(processor MATCHES "^(s390x?|riscv64|loongarch64)$")
  string(REGEX REPLACE "(s390|riscv|loongarch).*" "\\1" PCF_BPF_TARGET ${processor})
elseif(processor MATCHES "^ppc64")
  set(PCF_BPF_TARGET powerpc)
else()
  set(PCF_BPF_TARGET ${processor})
endif()

set(PCF_SKELETONS ${CMAKE_BINARY_DIR}/bpf)
file(MAKE_DIRECTORY ${PCF_SKELETONS})
file(GLOB programs CONFIGURE_DEPENDS csrc/bpf/*.bpf.c)
file(GLOB program_headers CONFIGURE_DEPENDS csrc/bpf/*.h)
foreach(program IN LISTS programs)
  get_filename_component(name ${program} NAME)
  string(REPLACE ".bpf.c" "" name ${name})
  set(object ${PCF_SKELETONS}/${name}.o)
  set(skeleton ${PCF_SKELETONS}/${name}.skel.h)
  # linux/bpf.h includes asm/types.h, which Debian keeps in a folder for each architecture. gen object drops the
  # debug sections and keeps BTF; the path map keeps this machine's paths out of what is shipped.
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${PCF_CLANG} -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_${PCF_BPF_TARGET} -Wall -Wextra -Werror
            -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
            -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -I${CMAKE_SOURCE_DIR}/csrc
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${program} -o ${object}.debug
    COMMAND ${PCF_BPFTOOL} gen object ${object} ${object}.debug
    COMMAND ${PCF_BPFTOOL} gen skeleton ${object} name pcf_${name} > ${skeleton}.new
    COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.new ${skeleton}
    DEPENDS ${program} ${program_headers}
    COMMENT "eBPF ${name}"
    VERBATIM)
  list(APPEND skeletons ${skeleton})
endforeach()
add_custom_target(pcf_skeletons DEPENDS ${skeletons})
