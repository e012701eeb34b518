local t = ...
local tests = {}

local NOT_FOUND = -2147024894

function tests.set_variable_sets_and_says_what_is_refused()
  local host = t.new_host()
  t.eq(t.run("SetVariable", { variable = "A", value = "1" }, host), true)
  t.eq(host.values.a, "1")
  t.eq(host:called("vars.set")[1][3].secret, false)
  t.eq(t.run("SetVariable", { variable = "a", value = "" }, host), true)
  t.eq(host.values.a, nil)
  t.eq(t.run("SetVariable", { variable = "Pin", value = "x", secret = true }, host), true)
  t.eq(host:called("vars.set")[3][3].secret, true)
  local ok, err = t.run("SetVariable", { variable = "_SMSTSInWinPE", value = "1" }, host)
  t.fails(ok, err, "_SMSTSInWinPE")
end

function tests.run_command_line_hands_the_exit_code_on()
  local host = t.new_host():on("run", 3010, nil)
  local ok, code = t.run("RunCommandLine", { command = "setup /q", startIn = "C:\\T" }, host)
  t.eq(ok, true)
  t.eq(code, 3010)
  local o = host:called("run")[1][1]
  t.eq(o.command, "setup /q")
  t.eq(o.startIn, "C:\\T")
  t.eq(o.capture, false)
end

function tests.run_command_line_keeps_output_in_a_variable()
  local host = t.new_host():on("run", 1, "  two words\r\n")
  local ok, code = t.run("RunCommandLine", { command = { "x" }, outputVariable = "Out" }, host)
  t.eq(ok, true)
  t.eq(code, 1)
  t.eq(host.values.out, "two words")
  ok = t.run("RunCommandLine", { command = { "x" }, outputVariable = "_Out" }, host)
  t.eq(ok, nil, "the runtime's names are refused")
end

function tests.run_command_line_passes_a_failure_with_its_code()
  local host = t.new_host():on("run", nil, "x was not found", NOT_FOUND)
  local ok, err, code = t.run("RunCommandLine", { command = "x" }, host)
  t.fails(ok, err, "x was not found")
  t.eq(code, NOT_FOUND)
end

local function script_host(options)
  return t.new_host(options or { system = { platform = "posix" }, sequence_dir = "/seq" })
    :on("package", nil)
    :on("fs.is_file", true)
    :on("fs.native", function(p) return p end)
    :on("run", 0, nil)
end

function tests.run_script_chooses_the_interpreter_by_the_ending()
  local cases = {
    ["a.sh"] = "sh /seq/a.sh",
    ["a.bash"] = "bash /seq/a.bash",
    ["a.py"] = "python3 /seq/a.py",
    ["a.CMD"] = "cmd /d /c /seq/a.CMD",
    ["a.bat"] = "cmd /d /c /seq/a.bat",
    ["a.vbs"] = "cscript //nologo /seq/a.vbs",
    ["a.wsf"] = "cscript //nologo /seq/a.wsf",
    ["a.ps1"] = "pwsh -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File /seq/a.ps1",
  }
  for script, want in pairs(cases) do
    local host = script_host()
    t.eq(t.run("RunScript", { script = script }, host), true)
    t.eq(table.concat(host:called("run")[1][1].command, " "), want)
  end
  local host = script_host { system = { platform = "windows" }, sequence_dir = "C:\\seq" }
  t.run("RunScript", { script = "a.ps1" }, host)
  t.eq(host:called("run")[1][1].command[1], "powershell")
end

function tests.run_script_adds_arguments_of_both_kinds()
  local host = script_host():on("split_command", { "-x", "a b" })
  t.run("RunScript", { script = "/a.sh", arguments = '-x "a b"' }, host)
  t.eq(table.concat(host:called("run")[1][1].command, "|"), "sh|/a.sh|-x|a b")
  t.run("RunScript", { script = "/a.sh", arguments = { "1", "2" } }, host)
  t.eq(table.concat(host:called("run")[2][1].command, "|"), "sh|/a.sh|1|2")
end

function tests.run_script_writes_inline_text_into_a_private_file()
  local host = script_host():on("temp_file", function(text, suffix)
    t.eq(text, "echo 100%\r\nexit\r\n")
    t.eq(suffix, ".cmd")
    return "/state/temp/1.cmd"
  end):on("run", 4, "x\n")
  local ok, code = t.run("RunScript",
    { inline = "echo 100%\nexit\r\n", interpreter = "cmd", outputVariable = "O" }, host)
  t.eq(ok, true)
  t.eq(code, 4)
  t.eq(host.values.o, "x")
end

function tests.run_script_explains_what_is_missing()
  local host = script_host()
  local ok, err = t.run("RunScript", {}, host)
  t.fails(ok, err, "`script`", "`inline`")
  ok, err = t.run("RunScript", { script = "a", inline = "b" }, host)
  t.fails(ok, err, "either")
  ok, err = t.run("RunScript", { inline = "b" }, host)
  t.fails(ok, err, "needs `interpreter`")
  ok, err = t.run("RunScript", { script = "a.txt" }, host)
  t.fails(ok, err, "a.txt", "set `interpreter`")
  host:on("fs.is_file", false)
  local code
  ok, err, code = t.run("RunScript", { script = "a.sh" }, host)
  t.fails(ok, err, "/seq/a.sh")
  t.eq(code, NOT_FOUND)
  host:on("fs.is_file", nil, "letter Q: is not mapped", "bad input")
  ok, err = t.run("RunScript", { script = "Q:\\a.sh" }, host)
  t.fails(ok, err, "Q:\\a.sh", "not mapped")
  t.eq(#host:called("run"), 0)
end

function tests.restart_asks_with_the_known_variables()
  local host = t.new_host()
  t.eq(t.run("RestartComputer", { target = "WinPE", message = "Soon", delay = 1500 }, host), true)
  t.eq(host.values.smstsrebootrequested, "WinPE")
  t.eq(host.values.smstsrebootmessage, "Soon")
  t.eq(host.values.smstsrebootdelay, "2", "whole seconds, rounded up")
  for _, target in ipairs { "FullOS", "HD" } do
    t.eq(t.run("RestartComputer", { target = target, delay = 0 }, host), true)
    t.eq(host.values.smstsrebootrequested, "HD")
    t.eq(host.values.smstsrebootmessage, nil, "an old message is gone")
    t.eq(host.values.smstsrebootdelay, "0")
  end
  local calls = host:called("vars.set")
  t.eq(calls[#calls][1], "SMSTSRebootRequested", "set last")
end

function tests.restart_refuses_an_endless_message()
  local host = t.new_host()
  t.eq(t.run("RestartComputer", { message = ("é"):rep(512), delay = 0 }, host), true)
  local ok, err = t.run("RestartComputer", { message = ("é"):rep(513), delay = 0 }, host)
  t.fails(ok, err, "512")
end

function tests.fail_fails()
  local host = t.new_host()
  local ok, err, code = t.run("Fail", { message = "no disk", code = 12 }, host)
  t.fails(ok, err, "no disk")
  t.eq(code, 12)
  ok, err, code = t.run("Fail", {}, host)
  t.fails(ok, err, "on purpose")
  t.eq(code, nil)
  ok, err, code = t.run("Fail", { code = 0 }, host)
  t.fails(ok, err, "0")
  t.eq(code, nil)
end

return tests
