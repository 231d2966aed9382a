# SPDX-License-Identifier: BSD-2-Clause
cmake_minimum_required(VERSION 3.25)
# Fails when two files have one name, when a folder includes a header of a folder below it, or a header that is private to another
# folder. A folder may include its own headers and those at the top level of the folders above it.
#   cmake -DROOT=<source folder> -P check_includes.cmake
set(ORDER base ebpf frontend partitioner nfp_backend offload sim tools)

# FROM>HEADER pairs that the rules do not allow, each with its reason.
set(EXCEPTIONS
    # estimates how long an instruction word waits, so it decodes words
    "tools/report/cycles.c>nfp_backend/isa/isa.h")

# Of the compiler, the command line knows the public interface and one inspection header.
set(TOOLS_MAY_USE offload/inspect.h)
set(COMPILER frontend partitioner nfp_backend offload)

# Headers of the backend that the simulator may include: nothing that knows bit positions.
set(SIM_MAY_USE nfp_backend/firmware.h nfp_backend/image.h nfp_backend/ucode.h)

set(wrong 0)
set(checked 0)
foreach(folder ${ORDER})
  list(FIND ORDER ${folder} rank)
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${folder}/*.c ${ROOT}/${folder}/*.h)
  foreach(file ${files})
    file(STRINGS ${ROOT}/${file} lines REGEX "^#include \"")
    foreach(line ${lines})
      string(REGEX REPLACE "^#include \"([^\"]*)\".*" "\\1" header "${line}")
      string(REGEX REPLACE "/.*" "" target "${header}")
      list(FIND ORDER ${target} target_rank)
      if(target_rank EQUAL -1)
        continue() # the public interface, or a header beside the file
      endif()
      math(EXPR checked "${checked} + 1")
      if("${file}>${header}" IN_LIST EXCEPTIONS)
        continue()
      endif()
      if(target_rank GREATER rank)
        message(SEND_ERROR "${file}: includes ${header}, but ${folder} lies above ${target}")
        set(wrong 1)
      elseif(NOT target STREQUAL folder AND header MATCHES "^[^/]+/.+/.+\\.(h|def)$")
        message(SEND_ERROR "${file}: includes ${header}, which is private to ${target}")
        set(wrong 1)
      elseif(folder STREQUAL "tools" AND target IN_LIST COMPILER AND NOT header IN_LIST TOOLS_MAY_USE)
        message(SEND_ERROR "${file}: includes ${header}: use offload/inspect.h")
        set(wrong 1)
      elseif(folder STREQUAL "sim" AND target STREQUAL "nfp_backend" AND NOT header IN_LIST SIM_MAY_USE)
        message(SEND_ERROR "${file}: includes ${header}: the simulator must not share facts with the encoder")
        set(wrong 1)
      endif()
    endforeach()
  endforeach()
endforeach()
# Two files of the product never share a name: a message or a comment that names one means one.
file(GLOB_RECURSE product RELATIVE ${ROOT} ${ROOT}/include/*.h)
foreach(folder ${ORDER})
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${folder}/*.c ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.def)
  list(APPEND product ${files})
endforeach()
set(names)
foreach(file ${product})
  get_filename_component(name ${file} NAME)
  if(name IN_LIST names)
    message(SEND_ERROR "${file}: another file has this name")
  endif()
  list(APPEND names ${name})
endforeach()

if(checked LESS 500)
  message(FATAL_ERROR "only ${checked} includes were found: is ROOT the source folder?")
endif()
message(STATUS "${checked} includes checked")
