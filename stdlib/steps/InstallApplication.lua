local files = require "ts.files"
local text = require "ts.text"

--- Install an application.
---@class ts.steps.InstallApplication: ts.StepDef
local M = {
  summary = "Install an application, unless it is there already",
  doc = "With `detect` the step looks for a file or folder that the installed application has: when it is there, "
    .. "nothing is done; when it is not there after the installation, the step fails. The program starts in the "
    .. "folder of the step's `package`. 3010 and 1641 are a success and restart the machine before the next step; "
    .. "`restartCodes` says otherwise. An import gives the names of applications alone, or of the list they come "
    .. "from: where a list is empty the step does nothing, else it fails and says what to fill in.",
  onInterrupt = "fail", -- an installation cut in the middle is in an unknown state
  runsCommand = true,
  restartCodes = { 3010, 1641 },
  params = {
    { name = "command", type = "command", doc = "Command line of the installation" },
    { name = "startIn", type = "path", doc = "Folder to start in; by default the step's package, else the folder of "
      .. "the sequence" },
    { name = "detect", type = "path", doc = "File or folder that tells that the application is installed" },
    { name = "applications", type = "list", doc = "Names of the applications in ConfigMgr or MDT, from an import" },
    { name = "baseVariable", type = "string",
      doc = "Name of the list, from an import: the variables of this name with 01, 02 ... or 001, 002 ..." },
    { name = "continueOnInstallError", type = "boolean", default = false,
      doc = "From an import: of several applications, go on with the next when one fails" },
  },
}

--- Is it there?  nil when that cannot be told.
---@param p table
---@param host ts.Host
---@return boolean?
---@return string? err
---@return string? code
local function detected(p, host)
  local file, err, code = files.locate(host, p.detect)
  if not file then return nil, err, code end
  local there
  there, err, code = host.fs.exists(file)
  if there == nil then return nil, ("cannot look for %s: %s"):format(file, err), code end
  return there
end

--- The items of a list: ConfigMgr numbers with two digits, MDT with three.
---@param host ts.Host
---@param base string
---@return string[]
local function read_list(host, base)
  local list = {}
  for _, digits in ipairs { 2, 3 } do
    for i = 1, 99 do
      local value = host.vars.get(("%s%0" .. digits .. "d"):format(base, i))
      if not value then break end
      list[#list + 1] = value
    end
  end
  return list
end

--- There is no command: what an import left to say.
---@param p table
---@param host ts.Host
local function explain(p, host)
  local names = p.applications
  if not names and p.baseVariable then
    names = read_list(host, p.baseVariable)
    if #names == 0 then
      host.log(("The list %s is empty: nothing to install"):format(p.baseVariable))
      return true
    end
  end
  if not names then return nil, "nothing says what to run: give `command`" end
  return nil, ("how %s %s installed is not known here: only a site or a deployment share knows; say it with `command` "
    .. "and `detect`"):format(text.enumerate(names), #names == 1 and "is" or "are")
end

---@param p table
---@param host ts.Host
function M.run(p, host)
  if not p.command then return explain(p, host) end
  if p.detect then
    local there, err, code = detected(p, host)
    if there == nil then return nil, err, code end
    if there then
      host.log(("%s is there: the application is installed already"):format(p.detect))
      return true
    end
  end
  local exit, err, code = host.run { command = p.command, startIn = p.startIn }
  if not exit then return nil, err, code end
  if p.detect and (exit == 0 or exit == 3010 or exit == 1641) then
    local there
    there, err, code = detected(p, host)
    if there == nil then return nil, err, code end
    if not there and exit == 0 then
      return nil, ("the installation ended well, but %s is not there"):format(p.detect)
    end
  end
  return true, exit
end

return M
