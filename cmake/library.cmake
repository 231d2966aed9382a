# SPDX-License-Identifier: BSD-2-Clause
# libbpf_offload: the compiler as one library. Unicorn (GPL-2.0) stays out of it: see sim.
add_library(bpf_offload STATIC $<TARGET_OBJECTS:bo_base> $<TARGET_OBJECTS:bo_ebpf>
                               $<TARGET_OBJECTS:bo_frontend> $<TARGET_OBJECTS:bo_partitioner>
                               $<TARGET_OBJECTS:bo_backend>
                               $<TARGET_OBJECTS:bo_offload>)
set_target_properties(bpf_offload PROPERTIES PUBLIC_HEADER ${PROJECT_SOURCE_DIR}/include/bpf_offload.h)
target_link_libraries(bpf_offload PUBLIC PkgConfig::LIBBPF PkgConfig::LIBELF llvm19)

# The same as a shared library, with the symbols of the public header only.
add_library(bpf_offload_shared SHARED $<TARGET_OBJECTS:bo_base> $<TARGET_OBJECTS:bo_ebpf>
                                      $<TARGET_OBJECTS:bo_frontend> $<TARGET_OBJECTS:bo_partitioner>
                                      $<TARGET_OBJECTS:bo_backend> $<TARGET_OBJECTS:bo_offload>)
set_target_properties(bpf_offload_shared PROPERTIES
  OUTPUT_NAME bpf_offload
  VERSION 0.2
  SOVERSION 0
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/bpf_offload.map)
target_link_options(bpf_offload_shared PRIVATE
  LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/bpf_offload.map)
target_link_libraries(bpf_offload_shared PUBLIC PkgConfig::LIBBPF PkgConfig::LIBELF llvm19 PRIVATE bo_options)
