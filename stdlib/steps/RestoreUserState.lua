local machine = require "ts.machine"
local text = require "ts.text"

--- Restore the users' files and settings from the state store.
---@class ts.steps.RestoreUserState: ts.StepDef
local M = {
  summary = "Restore the users' files and settings from the state store",
  doc = "Files are linked back into place, or copied where the volume differs. A file that is there already and "
    .. "differs is kept under the name `... (before restore)` and listed in the log. At the end every file is "
    .. "looked for under its restored name; only a store that passes this can be released. A restore that was "
    .. "cut can be run again.",
  onInterrupt = "rerun",
  params = {
    { name = "store", type = "path", variable = "OSDStateStorePath", doc = "Folder of the store" },
    { name = "drive", type = "string", doc = "Drive of the Windows the users get their files on; by default "
      .. "OSDTargetSystemDrive, else the only Windows there is" },
    { name = "users", type = "list", doc = "Only these profiles; by default all" },
  },
}

---@param p { store: string?, drive: string?, users: string[]? }
---@param host ts.Host
function M.run(p, host)
  local store, err = machine.store(p.store)
  if not store then return nil, err end
  local drive, code
  drive, err, code = machine.windows_drive(host, p.drive, "OSDTargetSystemDrive")
  if err then return nil, err, code end

  local info
  info, err, code = host.store.info(store)
  if not info then return nil, ("cannot restore from the state store %s: %s"):format(store, err), code end
  if host.interrupted and info.state == "verified" and not p.users then
    host.log(("The state store %s was restored and verified before the interruption"):format(store))
    return true
  end

  local totals
  totals, err, code = host.store.restore { store = store, drive = drive, users = p.users }
  if not totals then return nil, err, code end
  host.log(("Restored from %s%s: %s"):format(store, drive and " to " .. drive or "", machine.describe(totals)))
  if totals.conflicts > 0 then
    host.warn(("%s kept beside what was restored, under names that end in `(before restore)`")
      :format(text.count(totals.conflicts, "differing file")))
  end
  return true
end

return M
