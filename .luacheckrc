std = "lua54"
max_line_length = 120
include_files = { "stdlib", "sequences", "examples", "tests", "cmake" }
exclude_files = { "stdlib/types", "tests/corpus", "tests/fuzz", "build" }

-- The step library sees no way around the host.
files["stdlib/ts"].not_globals = { "io", "os", "package", "debug", "load", "loadfile", "dofile", "print" }
files["stdlib/steps"].not_globals = { "io", "os", "package", "debug", "load", "loadfile", "dofile", "print" }
