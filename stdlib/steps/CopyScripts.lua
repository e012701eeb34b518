local path = require "ts.path"
local text = require "ts.text"

--- Bring the scripts of a deployment to the machine.
---@class ts.steps.CopyScripts: ts.StepDef
local M = {
  summary = "Copy the folder of scripts to the machine, and use them from there",
  doc = "Sequences for MDT find their scripts in %SCRIPTROOT%, on a share that is gone after a restart. The folder is "
    .. "copied to MININT\\Scripts on the drive of the new system, and SCRIPTROOT says so from then on. Where "
    .. "SCRIPTROOT is not set there is nothing to copy.",
  onInterrupt = "rerun",
  params = {
    { name = "source", type = "path", doc = "Folder with the scripts; by default SCRIPTROOT" },
    { name = "target", type = "path", doc = "Folder to copy them to; by default MININT\\Scripts on the drive "
      .. "OSDTargetSystemDrive, else OSDisk, else _OSDDetectedWinDrive" },
  },
}

--- Where the scripts go, or nil: no drive is known.
---@param p table
---@param host ts.Host
---@return string?
local function target_of(p, host)
  if p.target then return p.target end
  for _, name in ipairs { "OSDTargetSystemDrive", "OSDisk", "_OSDDetectedWinDrive" } do
    local drive = path.drive(host.vars.get(name) or "")
    if drive then return drive .. "\\MININT\\Scripts" end
  end
end

---@param p { source: string?, target: string? }
---@param host ts.Host
function M.run(p, host)
  local source = p.source or host.vars.get("SCRIPTROOT")
  if not source then
    host.log("SCRIPTROOT is not set: there are no scripts to copy")
    return true
  end
  local target = target_of(p, host)
  if not target then
    return nil, "it is not known where the scripts go: set `target`, or the variable OSDTargetSystemDrive"
  end
  if path.strip(source):lower() == path.strip(target):lower() then
    host.log(("The scripts are used from %s already"):format(target))
    return true
  end
  local there, err, code = host.fs.is_folder(source)
  if there == nil then return nil, ("cannot read the folder %s: %s"):format(source, err), code end
  if not there then return nil, ("there is no folder %s with scripts"):format(source), -2147024893 end
  local done
  done, err, code = host.fs.copy { from = source, to = target, overwrite = true, recurse = true }
  if not done then return nil, ("cannot copy the scripts to %s: %s"):format(target, err), code end
  host.log(("Scripts copied to %s: %s, %s"):format(target, text.count(done.files, "file"), text.bytes(done.bytes)))
  return host.vars.set("SCRIPTROOT", target)
end

return M
