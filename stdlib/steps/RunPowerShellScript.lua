local files = require "ts.files"
local text = require "ts.text"

local NOT_FOUND = -2147024894

--- Run a PowerShell script.
---@class ts.steps.RunPowerShellScript: ts.StepDef
local M = {
  summary = "Run a PowerShell script, from a file or written in the sequence",
  doc = "Give either `script` or `sourceScript`. PowerShell is `powershell` on Windows and `pwsh` elsewhere, or the "
    .. "other one where only that is installed; it runs without profile and asks nothing. Parameters are "
    .. "PowerShell's own text: quote with ', as in `-Name 'two words'`; in a list each item is one argument, whatever "
    .. "is in it. They stay out of the log unless the variable OSDLogPowerShellParameters is TRUE. The exit code is "
    .. "what the script gives to `exit`, else that of its last program, else 1 after an error that ended it. "
    .. "Variables in `sourceScript` are not expanded, because PowerShell has a use of its own for '%': a script reads "
    .. "them with `taskseq get NAME`.",
  onInterrupt = "fail", -- nobody knows what a script cut in the middle has done
  runsCommand = true,
  params = {
    { name = "script", type = "path", variable = "OSDRunPowerShellScriptScriptName",
      doc = "File; a relative path stands below the step's package, else beside the sequence" },
    { name = "sourceScript", type = "string", expand = false, doc = "Text of the script" },
    { name = "parameters", type = "command", variable = "OSDRunPowerShellScriptParameters",
      doc = "Parameters of the script" },
    { name = "executionPolicy", type = "enum", choices = { "AllSigned", "Undefined", "Bypass" }, default = "Bypass",
      variable = "OSDRunPowerShellScriptExecutionPolicy",
      doc = "Which scripts PowerShell runs; Undefined leaves it to the machine" },
    { name = "outputVariable", type = "string", variable = "OSDRunPowerShellScriptOutputVariableName",
      doc = "Variable that gets the last 1,000 characters of the script's standard output, without line ends" },
    { name = "startIn", type = "path", variable = "SMSTSRunPowerShellWorkingDirectory",
      doc = "Folder to start in; by default the step's package, else the folder of the sequence" },
  },
}

---@param p table
---@param host ts.Host
---@return string? file native
---@return string? err
---@return any code
local function script_file(p, host)
  if p.sourceScript then
    -- Windows PowerShell takes a file without a mark for one of the old code page
    local body = p.sourceScript:find("^\xEF\xBB\xBF") and p.sourceScript or "\xEF\xBB\xBF" .. p.sourceScript
    return host.temp_file(body, ".ps1")
  end
  local file, err, code = files.locate(host, p.script)
  if not file then return nil, err, code end
  local there
  there, err, code = host.fs.is_file(file)
  if there == nil then return nil, ("cannot read the script %s: %s"):format(file, err), code end
  if not there then
    return nil, ("there is no script %s: a relative path is looked for in the step's package, else beside the "
      .. "sequence"):format(file), NOT_FOUND
  end
  return host.fs.native(file)
end

---@param s string
---@return string
local function quote(s)
  return "'" .. s:gsub("'", "''") .. "'"
end

--- What stands behind the name of PowerShell.
---@param p table
---@param file string
---@return string[]
local function arguments(p, file)
  local list = { "-NoLogo", "-NoProfile", "-NonInteractive" }
  if p.executionPolicy ~= "Undefined" then table.move({ "-ExecutionPolicy", p.executionPolicy }, 1, 2, 4, list) end
  if type(p.parameters) ~= "string" then
    list[#list + 1] = "-File"
    list[#list + 1] = file
    return table.move(p.parameters or {}, 1, #(p.parameters or {}), #list + 1, list)
  end
  -- with -File they would be taken as they are, quotes and variables of PowerShell too
  list[#list + 1] = "-Command"
  list[#list + 1] = ("& %s %s; $ok = $?; if ($null -ne $LASTEXITCODE) { exit $LASTEXITCODE }; "
    .. "if (-not $ok) { exit 1 }"):format(quote(file), p.parameters)
  return list
end

---@param p table
---@param host ts.Host
function M.run(p, host)
  if (p.script == nil) == (p.sourceScript == nil) then
    return nil, "give either `script`, a file, or `sourceScript`, the text of a script"
  end
  local file, err, why = script_file(p, host)
  if not file then return nil, err, why end
  host.log(p.script and ("Running the PowerShell script %s"):format(p.script)
    or "Running the PowerShell script of the sequence")

  local tail = arguments(p, file)
  local hide = p.parameters ~= nil and not text.is_true(host.vars.get("OSDLogPowerShellParameters"))
  local programs = host.system.platform == "windows" and { "powershell", "pwsh" } or { "pwsh", "powershell" }
  local exit, output
  for _, program in ipairs(programs) do
    exit, output, why = host.run { command = { program, table.unpack(tail) }, startIn = p.startIn, hide = hide,
      capture = p.outputVariable ~= nil }
    if exit or (why ~= NOT_FOUND and why ~= "not supported") then break end
  end
  if not exit and (why == NOT_FOUND or why == "not supported") then
    return nil, ("PowerShell is not installed, neither as %s nor as %s: install it, or write the step as a RunScript "
      .. "for another interpreter"):format(programs[1], programs[2]), NOT_FOUND
  end
  if not exit then return nil, output, why end
  if p.outputVariable then
    local ok, problem, code = host.vars.set(p.outputVariable, text.trim(output))
    if not ok then return nil, problem, code end
  end
  return true, exit
end

return M
