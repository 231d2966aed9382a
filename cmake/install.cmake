# SPDX-License-Identifier: BSD-2-Clause
# cmake --install: binary, library, header, pkg-config file, man page, shell completion, examples.
configure_file(${PROJECT_SOURCE_DIR}/cmake/bpf_offload.pc.in ${PROJECT_BINARY_DIR}/bpf_offload.pc @ONLY)

install(TARGETS bpf-offload RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS bpf_offload_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS bpf_offload
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_BINARY_DIR}/bpf_offload.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/docs/bpf-offload.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_SOURCE_DIR}/tools/cli/completion.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME bpf-offload)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
