--- Install from a package's folder.
---@class ts.steps.InstallPackage: ts.StepDef
local M = {
  summary = "Run the installation program of a package",
  doc = "The program starts in the folder of the step's `package`. 3010 and 1641 are a success and restart the "
    .. "machine before the next step; `restartCodes` says otherwise. With `baseVariable` the packages come from a "
    .. "list: Base001, Base002 ... hold PACKAGE:COMMAND each, up to the first that is missing; with none the step "
    .. "does nothing.",
  onInterrupt = "fail", -- an installation cut in the middle is in an unknown state
  runsCommand = true,
  restartCodes = { 3010, 1641 },
  params = {
    { name = "command", type = "command", doc = "Command line of the installation" },
    { name = "program", type = "string", variable = "_SMSSWDProgramName",
      doc = "Name of the program in ConfigMgr, from an import; its command line is not in the export, so `command` "
        .. "has to say it" },
    { name = "baseVariable", type = "string", doc = "Install what the variables of this name with 001, 002 ... say" },
    { name = "continueOnInstallError", type = "boolean", default = false,
      doc = "Of a list: go on with the next package when one fails" },
  },
}

---@param code integer
---@return boolean
local function succeeded(code)
  return code == 0 or code == 3010 or code == 1641
end

--- The packages of a list, or what is wrong with it.
---@param host ts.Host
---@param base string
local function read_list(host, base)
  local list = {}
  for i = 1, 999 do
    local name = ("%s%03d"):format(base, i)
    local value = host.vars.get(name)
    if not value then break end
    local package, command = value:match("^%s*([^:]+):%s*(.+)$")
    if not package then return nil, ("the variable %s is no PACKAGE:COMMAND: %s"):format(name, value) end
    list[i] = { package = package, command = command }
  end
  return list
end

---@param p table
---@param host ts.Host
local function install_list(p, host)
  local list, err = read_list(host, p.baseVariable)
  if not list then return nil, err end
  if #list == 0 then
    host.log(("The variable %s001 is not set: nothing to install"):format(p.baseVariable))
    return true
  end
  local restart, failed = 0, nil
  for i, one in ipairs(list) do
    host.progress((i - 1) * 100 // #list, one.package)
    local exit, why, code = host.run { command = one.command, package = one.package }
    if exit and succeeded(exit) then
      restart = exit ~= 0 and exit or restart
    else
      failed = failed or { ("cannot install %s: %s"):format(one.package, why or "exit code " .. tostring(exit)),
        exit or code }
      if not p.continueOnInstallError then break end
      host.warn(("%s was not installed: %s"):format(one.package, why or "exit code " .. tostring(exit)))
    end
  end
  if failed then return nil, failed[1], failed[2] end
  return true, restart
end

---@param p table
---@param host ts.Host
function M.run(p, host)
  if p.baseVariable and p.command then return nil, "give either `command` or `baseVariable`" end
  if p.baseVariable then return install_list(p, host) end
  if not p.command then
    if p.program then
      return nil, ("the command line of the program %s is not known here: an export holds only its name; say it with "
        .. "`command`"):format(p.program)
    end
    return nil, "nothing says what to run: give `command` or `baseVariable`"
  end
  local exit, err, code = host.run { command = p.command }
  if not exit then return nil, err, code end
  return true, exit
end

return M
