local files = require "ts.files"
local machine = require "ts.machine"
local path = require "ts.path"
local text = require "ts.text"

--- Put an image onto a drive.
---@class ts.steps.ApplyImage: ts.StepDef
local M = {
  summary = "Put an image of a system onto a drive: a folder, a tar archive or a WIM file",
  doc = "Protected folders, such as the state store, are kept: what the image would put into one is left out "
    .. "with a warning. Names in an image that would leave the target are refused. Sets OSDTargetSystemDrive when "
    .. "the target is a drive.",
  onInterrupt = "rerun", -- every file is written anew
  params = {
    { name = "source", type = "path", required = true, doc = "Folder, archive or .wim file; a relative path stands "
      .. "below the step's package, else beside the sequence" },
    { name = "target", type = "path", doc = "Drive or folder; by default OSDTargetSystemDrive, which WipeVolume "
      .. "sets" },
    { name = "index", type = "integer", default = 1, variable = "OSDImageIndex", doc = "Image inside a WIM file" },
  },
}

---@param p { source: string, target: string?, index: integer }
---@param host ts.Host
function M.run(p, host)
  local target = p.target or host.vars.get("OSDTargetSystemDrive")
  if not target then
    return nil, "no target for the image is known: set `target`, or wipe a drive with WipeVolume before"
  end
  if not path.is_absolute(target) then
    return nil, ("the target %s must be a drive or a full path, such as C: or C:\\Data"):format(target)
  end
  if path.is_root(target) and host.phase == "FullOS" then
    return nil, ("an image is put onto the whole drive %s from WinPE only: the running system would be overwritten")
      :format(target)
  end
  if p.index < 1 then return nil, ("there is no image %d: WIM files count from 1"):format(p.index) end
  local source, err, code = files.locate(host, p.source)
  if not source then return nil, err, code end

  local done
  done, err, code = host.image.apply { source = source, target = target, index = p.index }
  if not done then return nil, ("cannot put the image %s onto %s: %s"):format(source, target, err), code end
  host.log(("Image %s put onto %s: %s, %s"):format(source, target, text.count(done.files, "file"),
    text.bytes(done.bytes)))
  if path.drive(target) and path.is_root(target) then
    return host.vars.set("OSDTargetSystemDrive", machine.drive(target))
  end
  return true
end

return M
