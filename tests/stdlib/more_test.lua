--- PowerShell, packages, applications, network folders, phases.
local t = ...
local tests = {}

local NOT_FOUND = -2147024894

-- ---- RunPowerShellScript ----------------------------------------------------------------

local function script_host(options)
  return t.new_host(options or { system = { platform = "posix" }, sequence_dir = "/seq" })
    :on("package", nil)
    :on("fs.is_file", true)
    :on("fs.native", function(p) return p end)
    :on("run", 0, nil)
end

function tests.powershell_runs_a_file()
  local host = script_host()
  t.eq(t.run("RunPowerShellScript", { script = "a.ps1" }, host), true)
  local o = host:called("run")[1][1]
  t.eq(table.concat(o.command, " "), "pwsh -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File /seq/a.ps1")
  t.eq(o.hide, false)
  host = script_host { system = { platform = "windows" }, sequence_dir = "C:\\seq" }
  t.run("RunPowerShellScript", { script = "a.ps1", executionPolicy = "Undefined" }, host)
  t.eq(table.concat(host:called("run")[1][1].command, " "),
    "powershell -NoLogo -NoProfile -NonInteractive -File C:\\seq\\a.ps1")
end

function tests.powershell_takes_parameters_as_its_own_text()
  local host = script_host()
  t.run("RunPowerShellScript", { script = "/it's.ps1", parameters = "-Name 'two words' -Force" }, host)
  local o = host:called("run")[1][1]
  t.eq(o.command[#o.command - 1], "-Command")
  t.has(o.command[#o.command], "& '/it''s.ps1' -Name 'two words' -Force;", "exit $LASTEXITCODE")
  t.eq(o.hide, true, "parameters stay out of the log")
  host = script_host()
  host.values.osdlogpowershellparameters = "true"
  t.run("RunPowerShellScript", { script = "/a.ps1", parameters = { "-Name", "two words" } }, host)
  o = host:called("run")[1][1]
  t.eq(table.concat(o.command, "|"):match("%-File|.*"), "-File|/a.ps1|-Name|two words")
  t.eq(o.hide, false)
end

function tests.powershell_runs_the_text_of_the_sequence()
  local host = script_host():on("temp_file", function(body, suffix)
    t.eq(body, "\xEF\xBB\xBFWrite-Output 100%\r\n", "with a mark, so that no code page is guessed")
    t.eq(suffix, ".ps1")
    return "/state/1.ps1"
  end):on("run", 7, " out \r\n")
  local ok, code = t.run("RunPowerShellScript",
    { sourceScript = "Write-Output 100%\r\n", outputVariable = "O", startIn = "/s" }, host)
  t.eq(ok, true)
  t.eq(code, 7)
  t.eq(host.values.o, "out")
  t.eq(host:called("run")[1][1].startIn, "/s")
end

function tests.powershell_takes_the_one_that_is_there_or_says_so()
  local host = script_host():on("run", function(o)
    if o.command[1] == "pwsh" then return nil, "not there", NOT_FOUND end
    return 0
  end)
  t.eq(t.run("RunPowerShellScript", { script = "/a.ps1" }, host), true)
  t.eq(#host:called("run"), 2)
  host:on("run", nil, "not there", NOT_FOUND)
  local ok, err, code = t.run("RunPowerShellScript", { script = "/a.ps1" }, host)
  t.fails(ok, err, "PowerShell is not installed", "pwsh", "RunScript")
  t.eq(code, NOT_FOUND)
  host:on("run", nil, "stopped", "cancelled")
  ok, err, code = t.run("RunPowerShellScript", { script = "/a.ps1" }, host)
  t.fails(ok, err, "stopped")
  t.eq(code, "cancelled")
end

function tests.powershell_explains_what_is_missing()
  local host = script_host()
  local ok, err = t.run("RunPowerShellScript", {}, host)
  t.fails(ok, err, "`script`", "`sourceScript`")
  ok, err = t.run("RunPowerShellScript", { script = "a", sourceScript = "b" }, host)
  t.fails(ok, err, "either")
  host:on("fs.is_file", false)
  local code
  ok, err, code = t.run("RunPowerShellScript", { script = "a.ps1" }, host)
  t.fails(ok, err, "/seq/a.ps1")
  t.eq(code, NOT_FOUND)
  t.eq(#host:called("run"), 0)
end

-- ---- InstallPackage, InstallApplication -------------------------------------------------

function tests.package_runs_its_command_and_hands_the_code_on()
  local host = t.new_host():on("run", 3010, nil)
  local ok, code = t.run("InstallPackage", { command = "setup /q" }, host)
  t.eq(ok, true)
  t.eq(code, 3010)
  t.eq(t.module("steps/InstallPackage").restartCodes[2], 1641)
  local err
  ok, err = t.run("InstallPackage", {}, host)
  t.fails(ok, err, "`command`")
  ok, err = t.run("InstallPackage", { program = "Per-system" }, host)
  t.fails(ok, err, "Per-system", "`command`")
  ok, err = t.run("InstallPackage", { command = "a", baseVariable = "B" }, host)
  t.fails(ok, err, "either")
end

function tests.package_list_installs_up_to_the_first_gap()
  local ran = {}
  local host = t.new_host { values = { PKG001 = "A:setup one", PKG002 = "B: setup two", PKG004 = "D:x" } }
    :on("progress", true)
    :on("run", function(o)
      ran[#ran + 1] = o.package .. "=" .. o.command
      return o.package == "A" and 3010 or 0
    end)
  local ok, code = t.run("InstallPackage", { baseVariable = "PKG" }, host)
  t.eq(ok, true)
  t.eq(code, 3010, "a restart is not forgotten")
  t.eq(table.concat(ran, " "), "A=setup one B=setup two")
  t.eq(t.run("InstallPackage", { baseVariable = "None" }, host), true, "an empty list is well")
  t.eq(#ran, 2)
end

function tests.package_list_stops_or_goes_on_at_a_failure()
  for _, on in ipairs { false, true } do
    local n = 0
    local host = t.new_host { values = { P001 = "A:x", P002 = "B:x" } }
      :on("progress", true)
      :on("run", function()
        n = n + 1
        return n == 1 and 5 or 0
      end)
    local ok, err, code = t.run("InstallPackage", { baseVariable = "P", continueOnInstallError = on }, host)
    t.fails(ok, err, "A", "5")
    t.eq(code, 5)
    t.eq(n, on and 2 or 1)
  end
  local ok, err = t.run("InstallPackage", { baseVariable = "P" }, t.new_host { values = { P001 = "no colon" } })
  t.fails(ok, err, "P001", "PACKAGE:COMMAND")
end

local function app_host(there)
  return t.new_host { sequence_dir = "/seq" }:on("package", nil):on("fs.exists", function() return there() end)
end

function tests.application_is_not_installed_twice()
  local host = app_host(function() return true end)
  t.eq(t.run("InstallApplication", { command = "setup", detect = "C:\\App\\app.exe" }, host), true)
  t.eq(#host:called("run"), 0)
end

function tests.application_must_be_there_afterwards()
  local installed = false
  local host = app_host(function() return installed end):on("run", function()
    installed = true
    return 0
  end)
  local ok, code = t.run("InstallApplication", { command = "setup", detect = "C:\\App" }, host)
  t.eq(ok, true)
  t.eq(code, 0)
  host = app_host(function() return false end):on("run", 0, nil)
  local err
  ok, err = t.run("InstallApplication", { command = "setup", detect = "C:\\App" }, host)
  t.fails(ok, err, "C:\\App", "not there")
  host:on("run", 3010, nil)
  ok, code = t.run("InstallApplication", { command = "setup", detect = "C:\\App" }, host)
  t.eq(ok, true, "it may come with the restart")
  t.eq(code, 3010)
  host:on("fs.exists", nil, "letter Q: is not mapped", "bad input")
  ok, err = t.run("InstallApplication", { command = "setup", detect = "Q:\\App" }, host)
  t.fails(ok, err, "Q:\\App", "not mapped")
end

function tests.application_of_an_import_says_what_to_fill_in()
  local ok, err = t.run("InstallApplication", { applications = { "7-Zip", "VLC" } }, t.new_host())
  t.fails(ok, err, "7-Zip and VLC are", "`command`")
  ok, err = t.run("InstallApplication", {}, t.new_host())
  t.fails(ok, err, "`command`")
  t.eq(t.run("InstallApplication", { baseVariable = "App" }, t.new_host()), true, "nothing to install")
  ok, err = t.run("InstallApplication", { baseVariable = "App" }, t.new_host { values = { App01 = "7-Zip" } })
  t.fails(ok, err, "7-Zip is")
  ok, err = t.run("InstallApplication", { baseVariable = "App" }, t.new_host { values = { App001 = "{guid}" } })
  t.fails(ok, err, "{guid} is")
end

-- ---- ConnectNetworkFolder ---------------------------------------------------------------

local function net_host(platform)
  return t.new_host { system = { platform = platform or "posix" }, state_dir = "/state" }
    :on("fs.is_folder", true)
    :on("fs.mkdir", true)
    :on("map_drive", true)
end

function tests.network_folder_gives_a_local_folder_a_letter()
  local host = net_host()
  t.eq(t.run("ConnectNetworkFolder", { path = "/srv/share", drive = "z" }, host), true)
  local call = host:called("map_drive")[1]
  t.eq(call[1], "Z:")
  t.eq(call[2], "/srv/share")
  t.eq(t.run("ConnectNetworkFolder", { path = "/srv/share" }, host), true, "without a letter it need only be there")
  host:on("map_drive", nil, "the drive Z: exists already", "exists already")
  local ok, err = t.run("ConnectNetworkFolder", { path = "/srv/share", drive = "Z:" }, host)
  t.fails(ok, err, "Z:", "exists already")
  host:on("fs.is_folder", false)
  ok, err = t.run("ConnectNetworkFolder", { path = "/gone", drive = "Z:" }, host)
  t.fails(ok, err, "no folder /gone")
  ok, err = t.run("ConnectNetworkFolder", { path = "share", drive = "Z:" }, host)
  t.fails(ok, err, "neither a share")
  ok, err = t.run("ConnectNetworkFolder", { path = "/srv", drive = "ZZ" }, host)
  t.fails(ok, err, "no drive letter")
end

function tests.network_folder_mounts_a_share_with_the_password_in_a_private_file()
  local host = net_host():on("run", 0, nil):on("temp_file", function(body, suffix)
    t.eq(body, "username=ann\npassword=s3cret\ndomain=CORP\n")
    t.eq(suffix, ".conf")
    return "/state/temp/1.conf"
  end)
  t.eq(t.run("ConnectNetworkFolder",
    { path = "\\\\srv\\s\\sub", drive = "Z:", account = "CORP\\ann", password = "s3cret" }, host), true)
  local o = host:called("run")[1][1]
  t.eq(table.concat(o.command, " "), "mount.cifs //srv/s/sub /state/net/Z -o credentials=/state/temp/1.conf")
  t.eq(host:called("map_drive")[1][2], "/state/net/Z")
  local ok, err = t.run("ConnectNetworkFolder",
    { path = "\\\\srv\\s", drive = "Z:", account = "a\npassword=x", password = "" }, host)
  t.fails(ok, err, "line break")
end

function tests.network_folder_says_what_cannot_be_done()
  local host = net_host():on("run", nil, "not there", NOT_FOUND)
  local ok, err, code = t.run("ConnectNetworkFolder", { path = "\\\\srv\\s", drive = "Z:" }, host)
  t.fails(ok, err, "mount.cifs is not installed")
  t.eq(code, "not supported")
  host:on("run", 32, nil)
  ok, err, code = t.run("ConnectNetworkFolder", { path = "\\\\srv\\s", drive = "Z:" }, host)
  t.fails(ok, err, "32")
  t.eq(code, 32)
  ok, err = t.run("ConnectNetworkFolder", { path = "\\\\srv\\s" }, host)
  t.fails(ok, err, "`drive`")
  t.eq(#host:called("map_drive"), 0)
end

function tests.network_folder_uses_net_use_on_windows()
  local host = net_host("windows"):on("run", 0, nil)
  local ok, code = t.run("ConnectNetworkFolder", { path = "\\\\srv\\s", drive = "Z:" }, host)
  t.eq(ok, true)
  t.eq(code, 0)
  t.eq(table.concat(host:called("run")[1][1].command, " "), "net use Z: \\\\srv\\s /persistent:no")
  local err
  ok, err, code = t.run("ConnectNetworkFolder", { path = "\\\\srv\\s", account = "a" }, host)
  t.fails(ok, err, "Windows")
  t.eq(code, "not supported")
end

-- ---- NextPhase, CopyScripts, RunTaskSequence --------------------------------------------

function tests.next_phase_goes_through_all_of_them()
  local host, seen = t.new_host(), {}
  for i = 1, 7 do
    t.eq(t.run("NextPhase", {}, host), true)
    seen[i] = host.values.phase or "-"
  end
  t.eq(table.concat(seen, " "), "VALIDATION STATECAPTURE PREINSTALL INSTALL POSTINSTALL STATERESTORE -")
  host.values.phase = " install "
  t.run("NextPhase", {}, host)
  t.eq(host.values.phase, "POSTINSTALL")
  host.values.phase = "DINNER"
  local ok, err = t.run("NextPhase", {}, host)
  t.fails(ok, err, "DINNER", "STATERESTORE")
end

function tests.copy_scripts_brings_them_to_the_new_system()
  local host = t.new_host { values = { SCRIPTROOT = "Z:\\Scripts", OSDisk = "C:" } }
    :on("fs.is_folder", true)
    :on("fs.copy", { files = 3, bytes = 10 })
  t.eq(t.run("CopyScripts", {}, host), true)
  local o = host:called("fs.copy")[1][1]
  t.eq(o.from, "Z:\\Scripts")
  t.eq(o.to, "C:\\MININT\\Scripts")
  t.eq(o.recurse and o.overwrite, true)
  t.eq(host.values.scriptroot, "C:\\MININT\\Scripts")
  t.eq(t.run("CopyScripts", {}, host), true, "again")
  t.eq(#host:called("fs.copy"), 1, "they are there")
end

function tests.copy_scripts_without_scripts_or_a_place()
  t.eq(t.run("CopyScripts", {}, t.new_host()), true)
  local host = t.new_host { values = { SCRIPTROOT = "/s" } }
  local ok, err = t.run("CopyScripts", {}, host)
  t.fails(ok, err, "`target`")
  host:on("fs.is_folder", false)
  ok, err = t.run("CopyScripts", { target = "/t" }, host)
  t.fails(ok, err, "no folder /s")
  t.eq(host.values.scriptroot, "/s")
end

function tests.a_sequence_that_is_not_there_says_so()
  local ok, err = t.run("RunTaskSequence", { sequence = "PS100012" }, t.new_host())
  t.fails(ok, err, "PS100012", "`sequence`")
end

return tests
