local t = ...
local tests = {}

function tests.copy_files_says_what_it_did()
  local host = t.new_host { sequence_dir = "/seq" }:on("package", nil):on("fs.copy", { files = 2, bytes = 4096 })
  t.eq(t.run("CopyFiles", { from = "drivers", to = "C:\\Drivers" }, host), true)
  local o = host:called("fs.copy")[1][1]
  t.eq(o.from, "/seq/drivers")
  t.eq(o.to, "C:\\Drivers")
  t.eq(o.overwrite, true)
  t.eq(o.recurse, true)
  t.has(host.lines[1], "2 files", "4.0 KB")
  host:on("fs.copy", nil, "no space left on C:", "no space")
  local ok, err, code = t.run("CopyFiles", { from = "/a", to = "C:\\b", overwrite = false }, host)
  t.fails(ok, err, "cannot copy /a to C:\\b", "no space left")
  t.eq(code, "no space")
  t.eq(host:called("fs.copy")[2][1].overwrite, false)
end

function tests.delete_files_wants_a_full_path()
  local host = t.new_host():on("fs.delete", 3)
  t.eq(t.run("DeleteFiles", { path = "C:\\Temp", recurse = true }, host), true)
  t.eq(host:called("fs.delete")[1][2].recurse, true)
  t.has(host.lines[1], "3 files")
  local ok, err = t.run("DeleteFiles", { path = "Temp" }, host)
  t.fails(ok, err, "full path")
  t.eq(#host:called("fs.delete"), 1)
  host:on("fs.delete", 0)
  t.eq(t.run("DeleteFiles", { path = "/none" }, host), true, "absent is fine")
  host:on("fs.delete", nil, "cannot delete C:\\StateStore: it is protected", "refused")
  local code
  ok, err, code = t.run("DeleteFiles", { path = "C:\\StateStore" }, host)
  t.fails(ok, err, "C:\\StateStore", "protected")
  t.eq(code, "refused")
end

function tests.write_file_does_not_append_twice()
  local host = t.new_host():on("fs.write", true):on("fs.append", true)
  t.eq(t.run("WriteFile", { path = "/a", text = "x" }, host), true)
  t.eq(t.run("WriteFile", { path = "/a", text = "y", append = true }, host), true)
  t.eq(host:called("fs.append")[1][2], "y")
  t.eq(t.run("WriteFile", { path = "/a" }, host), true)
  t.eq(host:called("fs.write")[2][2], "", "an empty text is a text")
  host.interrupted = true
  t.eq(t.run("WriteFile", { path = "/a", text = "x" }, host), true)
  local ok, err = t.run("WriteFile", { path = "/a", text = "y", append = true }, host)
  t.fails(ok, err, "/a", "cut", "onInterrupt")
  t.eq(#host:called("fs.append"), 1)
end

function tests.copy_logs_copies_the_log_folder()
  local host = t.new_host { values = { _SMSTSLogPath = "C:\\Logs" } }:on("fs.copy", { files = 1, bytes = 10 })
  t.eq(t.run("CopyLogs", { to = "D:\\Kept" }, host), true)
  t.eq(host:called("fs.copy")[1][1].from, "C:\\Logs")
  t.eq(host:called("fs.copy")[1][1].overwrite, true)
  local ok, err = t.run("CopyLogs", { to = "Kept" }, host)
  t.fails(ok, err, "full path")
  host = t.new_host { log_dir = false }
  ok, err = t.run("CopyLogs", { to = "/kept" }, host)
  t.fails(ok, err, "no log files")
end

function tests.apply_image_needs_a_target()
  local host = t.new_host { phase = "WinPE" }:on("image.apply", { files = 5, bytes = 1024 })
  local ok, err = t.run("ApplyImage", { source = "/i.wim" }, host)
  t.fails(ok, err, "`target`", "WipeVolume")
  host.values.osdtargetsystemdrive = "C:"
  t.eq(t.run("ApplyImage", { source = "/i.wim", index = 2 }, host), true)
  local o = host:called("image.apply")[1][1]
  t.eq(o.target, "C:")
  t.eq(o.index, 2)
  t.eq(t.run("ApplyImage", { source = "/i.wim", target = "d:\\" }, host), true)
  t.eq(host.values.osdtargetsystemdrive, "D:")
  t.eq(t.run("ApplyImage", { source = "/i.wim", target = "D:\\Data" }, host), true)
  t.eq(host.values.osdtargetsystemdrive, "D:", "a folder is no system drive")
end

function tests.apply_image_refuses_what_would_hurt()
  local host = t.new_host { phase = "FullOS" }
  local ok, err = t.run("ApplyImage", { source = "/i.wim", target = "C:" }, host)
  t.fails(ok, err, "C:", "WinPE")
  ok, err = t.run("ApplyImage", { source = "/i.wim", target = "Data" }, host)
  t.fails(ok, err, "full path")
  ok, err = t.run("ApplyImage", { source = "/i.wim", target = "C:\\Data", index = 0 }, host)
  t.fails(ok, err, "count from 1")
  host:on("image.apply", nil, "it is no image", "bad input")
  ok, err = t.run("ApplyImage", { source = "/i.wim", target = "C:\\Data" }, host)
  t.fails(ok, err, "/i.wim", "C:\\Data", "no image")
end

return tests
