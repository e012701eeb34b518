local t = ...
local text, path = t.module("ts/text"), t.module("ts/path")
local machine, files = t.module("ts/machine"), t.module("ts/files")

local tests = {}

function tests.numbers_read_well()
  local cases = { { 0, "0 files" }, { 1, "1 file" }, { 999, "999 files" }, { 1000, "1,000 files" },
    { 123456, "123,456 files" }, { 1234567, "1,234,567 files" } }
  for _, c in ipairs(cases) do t.eq(text.count(c[1], "file"), c[2]) end
  t.eq(text.count(2, "entry", "entries"), "2 entries")
  t.eq(text.bytes(1), "1 byte")
  t.eq(text.bytes(1023), "1,023 bytes")
  t.eq(text.bytes(1536), "1.5 KB")
  t.eq(text.bytes(3 * 1024 ^ 3), "3.0 GB")
end

function tests.lists_read_well()
  t.eq(text.enumerate {}, "")
  t.eq(text.enumerate { "a" }, "a")
  t.eq(text.enumerate { "a", "b" }, "a and b")
  t.eq(text.enumerate({ "a", "b", "c" }, "or"), "a, b or c")
end

function tests.truth_has_three_words()
  for _, yes in ipairs { "TRUE", "true", "Yes", "1" } do t.eq(text.is_true(yes), true, yes) end
  for _, no in ipairs { "", "false", "no", "0", "2" } do t.eq(text.is_true(no), false, no) end
  t.eq(text.is_true(nil), false)
end

function tests.blanks_are_trimmed()
  t.eq(text.trim("  a b\r\n"), "a b")
  t.eq(text.trim(" "), "")
end

function tests.drives_are_read_from_paths()
  local cases = { ["c:\\Users"] = "C:", ["D:"] = "D:", ["x:/a"] = "X:", ["/home"] = false, ["a"] = false,
    ["C:relative"] = false, ["\\\\s\\c$"] = false }
  for p, drive in pairs(cases) do t.eq(path.drive(p) or false, drive, p) end
end

function tests.roots_and_full_paths_are_told()
  for _, p in ipairs { "C:", "C:\\", "c:/", "/", "\\", "//" } do t.eq(path.is_root(p), true, p) end
  for _, p in ipairs { "C:\\a", "/a", "a", "C:a" } do t.eq(path.is_root(p), false, p) end
  for _, p in ipairs { "C:\\a", "/a", "\\a", "C:" } do t.eq(path.is_absolute(p), true, p) end
  for _, p in ipairs { "a", "a\\b", "C:a", "" } do t.eq(path.is_absolute(p), false, p) end
  t.eq(path.is_share("\\\\server\\share"), true)
  t.eq(path.is_share("\\\\?\\C:\\x"), false)
  t.eq(path.is_share("C:\\x"), false)
end

function tests.paths_lose_their_end()
  t.eq(path.strip("C:\\Store\\"), "C:\\Store")
  t.eq(path.strip("C:\\"), "C:\\")
  t.eq(path.strip("C:"), "C:")
  t.eq(path.strip("/a//"), "/a")
  t.eq(path.strip("/"), "/")
end

function tests.climbing_is_seen()
  for _, p in ipairs { "C:\\a\\..\\b", "..", "/a/..", "a/../b" } do t.eq(path.climbs(p), true, p) end
  for _, p in ipairs { "C:\\a..b\\c", "/a/...", "a.." } do t.eq(path.climbs(p), false, p) end
end

function tests.endings_and_rests()
  t.eq(path.extension("C:\\a.b\\Get.PS1"), ".ps1")
  t.eq(path.extension("C:\\a.b\\Get"), "")
  t.eq(path.below_drive("C:\\a\\b"), "a\\b")
end

function tests.relative_files_stand_in_the_package_or_beside_the_sequence()
  local host = t.new_host { sequence_dir = "/seq" }
  t.eq(files.locate(host, "C:\\x"), "C:\\x")
  host:on("package", nil)
  t.eq(files.locate(host, "a/b"), "/seq/a/b")
  host:on("package", "/packages/one")
  t.eq(files.locate(host, "a/b"), "/packages/one/a/b")
  host:on("package", nil, "no package \"X\"", "not found")
  t.fails(files.locate(host, "a/b"), select(2, files.locate(host, "a/b")), "no package")
end

function tests.the_drive_named_wins()
  local host = t.new_host { values = { _OSDDetectedWinDrive = "D:" } }
  t.eq(machine.windows_drive(host, "c"), "C:")
  t.eq(machine.windows_drive(host, "C:\\"), "C:")
  t.eq(machine.windows_drive(host, "/mnt/windows/"), "/mnt/windows")
  t.eq(machine.windows_drive(host, nil), "D:")
  t.eq(machine.windows_drive(host, " "), "D:")
end

function tests.the_only_windows_is_meant()
  local host = t.new_host():on("windows", { { drive = "E:" } })
  t.eq(machine.windows_drive(host, nil), "E:")
  host:on("windows", { { drive = "C:" }, { drive = "D:" } })
  local drive, err = machine.windows_drive(host, nil)
  t.fails(drive, err, "C: and D:", "`drive`")
end

function tests.no_windows_is_explained_but_homes_are_fine()
  local host = t.new_host { system = { platform = "posix" } }:on("windows", {}):on("drives", {})
  local drive, err = machine.windows_drive(host, nil)
  t.eq(drive, nil)
  t.eq(err, nil, "a Linux machine has home folders")
  host:on("drives", { { letter = "C:", fixed = true }, { letter = "X:", fixed = false } })
  drive, err = machine.windows_drive(host, nil)
  t.fails(drive, err, "no Windows was found on C:", "unlocked")
  host:on("drives", { { letter = "X:", fixed = false } })
  drive, err = machine.windows_drive(host, nil)
  t.fails(drive, err, "storage driver")
end

function tests.totals_make_one_line()
  local totals = setmetatable({ profiles = 2, files = 1200, folders = 3, bytes = 2048, elapsed_ms = 1500, orphans = 1,
    conflicts = 2 }, { __index = function() return 0 end })
  t.eq(machine.describe(totals), "2 profiles, 1,200 files, 3 folders, 2.0 KB; 1 profile without an account, "
    .. "2 existing files kept under another name in 1.5 s")
end

return tests
