# SPDX-License-Identifier: BSD-2-Clause
# Language level, warnings and sanitizers for every target of ours.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

option(BPF_OFFLOAD_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(BPF_OFFLOAD_WERROR "Treat warnings as errors" OFF)
option(BPF_OFFLOAD_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(BUILD_TESTING "Build the tests" ON)

add_library(bo_options INTERFACE)
target_compile_options(bo_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                            $<$<BOOL:${BPF_OFFLOAD_WERROR}>:-Werror>)
target_compile_definitions(bo_options INTERFACE _GNU_SOURCE)
target_include_directories(bo_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
if(BPF_OFFLOAD_SANITIZE)
  target_compile_options(bo_options INTERFACE -fsanitize=address,undefined
                                              -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(bo_options INTERFACE -fsanitize=address,undefined)
endif()

if(BPF_OFFLOAD_FUZZ AND CMAKE_C_COMPILER_ID MATCHES Clang)
  target_compile_options(bo_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# bo_folder(NAME SOURCES a.c b.c USES bo_base ... PACKAGES pkg ...)
# One static library for a folder, with the project's warnings.
function(bo_folder name)
  cmake_parse_arguments(F "" "" "SOURCES;USES;PACKAGES" ${ARGN})
  add_library(${name} STATIC ${F_SOURCES})
  target_link_libraries(${name} PUBLIC ${F_USES} PRIVATE bo_options ${F_PACKAGES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
endfunction()
