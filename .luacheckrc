std = "lua54"
max_line_length = 120
include_files = { "stdlib/**/*.lua", "tests/stdlib/*.lua", "tests/model/*.lua", "tests/lint/*.lua", "cmake/*.lua",
  "sequences/*.scenario.lua" }
files["sequences/*.scenario.lua"].read_globals = { "scenario", "on" }
exclude_files = { "stdlib/types" }

-- The step library sees no way around the host.
files["stdlib/ts"].not_globals = { "io", "os", "package", "debug", "load", "loadfile", "dofile", "print" }
files["stdlib/steps"].not_globals = { "io", "os", "package", "debug", "load", "loadfile", "dofile", "print" }
