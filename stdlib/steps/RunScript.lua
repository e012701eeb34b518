local files = require "ts.files"
local path = require "ts.path"
local text = require "ts.text"

--- Interpreter and its arguments in front of the script's file.
local interpreters = {
  sh = { ending = ".sh", command = { "sh" } },
  bash = { ending = ".bash", command = { "bash" } },
  python3 = { ending = ".py", command = { "python3" } },
  powershell = { ending = ".ps1",
    command = { "powershell", "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File" } },
  cmd = { ending = ".cmd", command = { "cmd", "/d", "/c" } },
  cscript = { ending = ".vbs", command = { "cscript", "//nologo" } },
}

local by_ending = {
  [".sh"] = "sh", [".bash"] = "bash", [".py"] = "python3", [".ps1"] = "powershell", [".cmd"] = "cmd",
  [".bat"] = "cmd", [".vbs"] = "cscript", [".js"] = "cscript", [".wsf"] = "cscript",
}

--- Run a script with its interpreter.
---@class ts.steps.RunScript: ts.StepDef
local M = {
  summary = "Run a script, from a file or written in the sequence",
  doc = "Give either `script` or `inline`. Variables in inline text are not expanded, because scripts have "
    .. "a use of their own for '%': a script reads them with `taskseq get NAME`, or finds them in its "
    .. "arguments and in `env`. The inline text is kept in a file only the administrator can read, which "
    .. "is deleted when the step ends. PowerShell scripts run without profile and with the policy Bypass.",
  onInterrupt = "fail", -- nobody knows what a script cut in the middle has done
  runsCommand = true,
  params = {
    { name = "script", type = "path", doc = "File; a relative path stands below the step's package, else beside "
      .. "the sequence" },
    { name = "inline", type = "string", expand = false, doc = "Text of the script; needs `interpreter`" },
    { name = "interpreter", type = "enum", choices = { "sh", "bash", "python3", "powershell", "cmd", "cscript" },
      doc = "What runs it; by default told by the file's ending" },
    { name = "arguments", type = "command", doc = "Arguments: a list, or a text that is split like a command line" },
    { name = "startIn", type = "path", variable = "WorkingDirectory",
      doc = "Folder to start in; by default the step's package, else the folder of the sequence" },
    { name = "outputVariable", type = "string",
      doc = "Variable that gets the last 1,000 characters of the script's standard output, without line ends" },
  },
}

---@param p table
---@param host ts.Host
---@return string? file native
---@return string? err
---@return any code
local function script_file(p, host)
  if p.inline then
    local ending = interpreters[p.interpreter].ending
    -- cmd reads a file line by line and wants its own line ends
    local body = p.interpreter == "cmd" and p.inline:gsub("\r?\n", "\r\n") or p.inline
    return host.temp_file(body, ending)
  end
  local file, err, code = files.locate(host, p.script)
  if not file then return nil, err, code end
  local there
  there, err, code = host.fs.is_file(file)
  if there == nil then return nil, ("cannot read the script %s: %s"):format(file, err), code end
  if not there then
    return nil, ("there is no script %s: a relative path is looked for in the step's package, else beside the "
      .. "sequence"):format(file), -2147024894
  end
  return host.fs.native(file)
end

---@param p table
---@param host ts.Host
function M.run(p, host)
  if (p.script == nil) == (p.inline == nil) then
    return nil, "give either `script`, a file, or `inline`, the text of a script"
  end
  local interpreter = p.interpreter or (p.script and by_ending[path.extension(p.script)])
  if not interpreter then
    return nil, p.inline and "a script written in the sequence needs `interpreter`"
      or ("the ending of %s does not tell what runs it: set `interpreter`"):format(p.script)
  end
  local file, err, why = script_file(p, host)
  if not file then return nil, err, why end

  local command = { table.unpack(interpreters[interpreter].command) }
  if interpreter == "powershell" and host.system.platform ~= "windows" then command[1] = "pwsh" end
  command[#command + 1] = file
  local arguments = p.arguments or {}
  if type(arguments) == "string" then arguments = host.split_command(arguments) end
  table.move(arguments, 1, #arguments, #command + 1, command)

  local exit, output
  exit, output, why = host.run { command = command, startIn = p.startIn, capture = p.outputVariable ~= nil }
  if not exit then return nil, output, why end
  if p.outputVariable then
    local ok, problem, code = host.vars.set(p.outputVariable, text.trim(output))
    if not ok then return nil, problem, code end
  end
  return true, exit
end

return M
