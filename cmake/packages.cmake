# SPDX-License-Identifier: BSD-2-Clause
# What Debian 12 provides: libbpf, libelf, LLVM 19 (C API), Unicorn, libpcap, json-c, cmocka.
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf>=1.1)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(JSONC REQUIRED IMPORTED_TARGET json-c)
pkg_check_modules(UNICORN REQUIRED IMPORTED_TARGET unicorn>=2.0)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
if(BUILD_TESTING)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

# llvm-config rather than LLVMConfig.cmake: the latter drags in every component's own packages.
find_program(LLVM_CONFIG NAMES llvm-config-19 PATHS /usr/lib/llvm-19/bin REQUIRED)
execute_process(COMMAND ${LLVM_CONFIG} --includedir OUTPUT_VARIABLE LLVM_INCLUDE
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${LLVM_CONFIG} --libdir OUTPUT_VARIABLE LLVM_LIBDIR
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_library(LLVM_LIB NAMES LLVM-19 HINTS ${LLVM_LIBDIR} REQUIRED)
add_library(llvm19 INTERFACE)
target_include_directories(llvm19 SYSTEM INTERFACE ${LLVM_INCLUDE})
target_link_libraries(llvm19 INTERFACE ${LLVM_LIB})

# clang that compiles the example programs to eBPF; examples are left out without it.
find_program(BPF_CLANG NAMES clang-19 clang)
