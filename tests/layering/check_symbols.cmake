# SPDX-License-Identifier: BSD-2-Clause
# Fails when the simulator wants a function or table of the NFP backend: encoder and simulator must not
# share facts (docs/architecture.md).
#   cmake -DNM=<nm> -DARCHIVE=<libbo_sim.a> -P check_symbols.cmake
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${NM} --undefined-only ${ARCHIVE} OUTPUT_VARIABLE symbols RESULT_VARIABLE failed
                ERROR_QUIET)
if(failed)
  message(FATAL_ERROR "${NM} cannot read ${ARCHIVE}")
endif()
string(REGEX MATCHALL " U [A-Za-z_0-9]+" wanted "${symbols}")
list(LENGTH wanted n)
if(n LESS 100)
  message(FATAL_ERROR "only ${n} undefined symbols in ${ARCHIVE}: is it the simulator?")
endif()
list(FILTER wanted INCLUDE REGEX " U nfp_")
list(REMOVE_DUPLICATES wanted)
if(wanted)
  message(FATAL_ERROR "the simulator uses symbols of the backend:${wanted}")
endif()
message(STATUS "${n} undefined symbols, none of the backend")
