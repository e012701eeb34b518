local text = require "ts.text"

--- Run a program.
---@class ts.steps.RunCommandLine: ts.StepDef
local M = {
  summary = "Run a program with arguments",
  doc = "No shell is between: a shell's own commands need it named, as in `cmd /c mkdir C:\\Temp` or "
    .. "`sh -c \"...\"`. A string is split as Windows programs do it: double quotes group, a backslash is "
    .. "itself except before a double quote. The program is looked for in the start-in folder, in the "
    .. "step's package and in PATH. Its output goes to the log as it comes; set the variable "
    .. "OSDDoNotLogCommand to TRUE to keep the command line itself out of it. The step ends when the "
    .. "program does, and the program's exit code is the step's.",
  onInterrupt = "fail", -- nobody knows what a program cut in the middle has done
  runsCommand = true,
  params = {
    { name = "command", type = "command", required = true,
      doc = "Command line, or a list with the program and its arguments" },
    { name = "startIn", type = "path", variable = "WorkingDirectory",
      doc = "Folder to start in; by default the step's package, else the folder of the sequence" },
    { name = "outputVariable", type = "string",
      doc = "Variable that gets the last 1,000 characters of the program's standard output, without line ends" },
  },
}

---@param p { command: string|string[], startIn: string?, outputVariable: string? }
---@param host ts.Host
function M.run(p, host)
  local exit, output, why = host.run {
    command = p.command,
    startIn = p.startIn,
    capture = p.outputVariable ~= nil,
  }
  if not exit then return nil, output, why end
  if p.outputVariable then
    local ok, err, code = host.vars.set(p.outputVariable, text.trim(output))
    if not ok then return nil, err, code end
  end
  return true, exit
end

return M
