local machine = require "ts.machine"
local text = require "ts.text"

--- Remove the state store after a verified restore.
---@class ts.steps.ReleaseStateStore: ts.StepDef
local M = {
  summary = "Remove the state store, once everything in it was found restored",
  doc = "A store whose restore was not verified is kept, and what is missing is listed. The exit code is 2 when "
    .. "something in the store is in use and waits for the next restart to be deleted: a RestartComputer step "
    .. "with the condition `_SMSTSLastActionRetCode = 2` takes care of that. Empties OSDStateStorePath.",
  onInterrupt = "rerun",
  successCodes = { 0, 2 },
  params = {
    { name = "store", type = "path", variable = "OSDStateStorePath", doc = "Folder of the store" },
    { name = "force", type = "boolean", default = false,
      doc = "Remove it although its state was not verified as restored: what is in it alone is lost" },
  },
}

---@param p { store: string?, force: boolean }
---@param host ts.Host
function M.run(p, host)
  local store, err = machine.store(p.store)
  if not store then return nil, err end

  local totals, code
  totals, err, code = host.store.remove(store, { force = p.force })
  local gone = not totals and code == "not found" and host.interrupted
  if not totals and not gone then return nil, err, code end

  local ok
  ok, err, code = host.vars.delete("OSDStateStorePath")
  if not ok then return nil, err, code end
  host.vars.fact("_SMSTSUserStatePath", "")
  if gone then
    host.log(("The state store %s was removed before the interruption"):format(store))
    return true
  end
  host.log(("Removed the state store %s: %s"):format(store, text.count(totals.files, "file")))
  if totals.pending > 0 then
    host.warn(("%s of the state store %s in use and will be deleted at the next restart")
      :format(text.count(totals.pending, "object"), totals.pending == 1 and "is" or "are"))
    return true, 2
  end
  return true
end

return M
