# filled by tools: binary, library, header, man page, pkg-config file, completion
