local path = require "ts.path"
local text = require "ts.text"

--- Copy the logs of the run.
---@class ts.steps.CopyLogs: ts.StepDef
local M = {
  summary = "Copy the logs of the run to a folder",
  doc = "Copies what is in the log folder now, %_SMSTSLogPath%, and replaces what an earlier copy left there.",
  onInterrupt = "rerun",
  params = {
    { name = "to", type = "path", required = true, doc = "Destination, created if absent" },
  },
}

---@param p { to: string }
---@param host ts.Host
function M.run(p, host)
  local from = host.vars.get("_SMSTSLogPath") or host.log_dir
  if not from then return nil, "this run writes no log files, so that there are none to copy" end
  if not path.is_absolute(p.to) then
    return nil, ("the logs cannot be copied to %s: a full path is needed"):format(p.to)
  end
  local done, err, code = host.fs.copy { from = from, to = p.to, overwrite = true, recurse = true }
  if not done then return nil, ("cannot copy the logs in %s to %s: %s"):format(from, p.to, err), code end
  host.log(("Logs copied from %s to %s: %s"):format(from, p.to, text.count(done.files, "file")))
  return true
end

return M
