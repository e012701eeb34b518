local path = require "ts.path"
local text = require "ts.text"

--- Delete files or a folder.
---@class ts.steps.DeleteFiles: ts.StepDef
local M = {
  summary = "Delete files or a folder",
  doc = "What is not there is fine. Links are deleted, never followed. A protected folder, such as the state "
    .. "store, and a folder that holds one are refused.",
  onInterrupt = "rerun",
  params = {
    { name = "path", type = "path", required = true, doc = "File, folder, or files such as C:\\Temp\\*.tmp" },
    { name = "recurse", type = "boolean", default = false, doc = "Delete a folder with everything in it" },
  },
}

---@param p { path: string, recurse: boolean }
---@param host ts.Host
function M.run(p, host)
  if not path.is_absolute(p.path) then
    return nil, ("%s must be a full path, so that nothing else is deleted by mistake"):format(p.path)
  end
  local n, err, code = host.fs.delete(p.path, { recurse = p.recurse })
  if not n then return nil, err, code end
  host.log(n == 0 and ("Nothing to delete at %s"):format(p.path)
    or ("Deleted %s: %s"):format(p.path, text.count(n, "file")))
  return true
end

return M
