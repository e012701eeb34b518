local files = require "ts.files"
local text = require "ts.text"

--- Copy files or a folder tree.
---@class ts.steps.CopyFiles: ts.StepDef
local M = {
  summary = "Copy files or a folder tree",
  doc = "The content of a folder goes into `to`, which is created. Times and permissions come along; links are "
    .. "copied as links.",
  onInterrupt = "rerun", -- running twice leaves the same result
  params = {
    { name = "from", type = "path", required = true, doc = "File, folder, or files such as C:\\Logs\\*.log; a "
      .. "relative path stands below the step's package, else beside the sequence" },
    { name = "to", type = "path", required = true, doc = "Destination" },
    { name = "overwrite", type = "boolean", default = true, doc = "Replace files that are there; else the step fails" },
    { name = "recurse", type = "boolean", default = true, doc = "Copy folders inside the folder too" },
  },
}

---@param p { from: string, to: string, overwrite: boolean, recurse: boolean }
---@param host ts.Host
function M.run(p, host)
  local from, err, code = files.locate(host, p.from)
  if not from then return nil, err, code end
  local done
  done, err, code = host.fs.copy { from = from, to = p.to, overwrite = p.overwrite, recurse = p.recurse }
  if not done then return nil, ("cannot copy %s to %s: %s"):format(from, p.to, err), code end
  host.log(("Copied %s to %s: %s, %s"):format(from, p.to, text.count(done.files, "file"), text.bytes(done.bytes)))
  return true
end

return M
