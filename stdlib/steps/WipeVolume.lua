local machine = require "ts.machine"
local path = require "ts.path"
local text = require "ts.text"

--- Delete everything on a volume except what is protected.
---@class ts.steps.WipeVolume: ts.StepDef
local M = {
  summary = "Delete everything on a volume except the state store and what else is protected",
  doc = "Nothing is deleted before two proofs hold: every entry of the state store is there under its recorded "
    .. "file id and size, and the users' folders, walked once more, hold nothing that the store does not. When "
    .. "they differ, a CaptureUserState step with `update = true` right before this one brings the store up to "
    .. "date. A volume with user profiles and without a store is refused unless `withoutStore` is set. The "
    .. "state store, the runtime's own state folder, the package cache and `keep` stay. A wipe that was cut goes "
    .. "on where it was. Sets OSDTargetSystemDrive.",
  onInterrupt = "rerun",
  phase = "WinPE", -- the running system cannot be deleted under itself
  params = {
    { name = "drive", type = "string", doc = "Drive; by default _OSDDetectedWinDrive, else the one of the only "
      .. "Windows there is" },
    { name = "store", type = "path", variable = "OSDStateStorePath", doc = "Folder of the state store" },
    { name = "keep", type = "list", doc = "More folders to keep" },
    { name = "withoutStore", type = "boolean", default = false,
      doc = "Delete user profiles although no store holds them: their files are lost" },
  },
}

---@param p table
---@param host ts.Host
---@return string? store nil for none
---@return ts.StoreInfo|string|nil info or the message of a failure
---@return string? code of a failure
local function find_store(p, host)
  if not p.store then return nil end
  local store = machine.store(p.store)
  local info, err, code = host.store.info(store)
  if info then return store, info end
  if code == "not found" then return nil end -- the wipe itself refuses a volume with profiles
  return nil, ("cannot trust the state store %s: %s"):format(store, err), code
end

--- A wipe that was cut may have deleted the Windows it was told by, and another one on another
--- drive must not be taken for it: then the drive is the store's.
---@param p table
---@param host ts.Host
---@param store string?
---@param info ts.StoreInfo?
local function find_drive(p, host, store, info)
  if not p.drive and store and info and info.state == "wiping" and path.drive(store) then return path.drive(store) end
  return machine.windows_drive(host, p.drive)
end

---@param p { drive: string?, store: string?, keep: string[]?, withoutStore: boolean }
---@param host ts.Host
function M.run(p, host)
  local store, info, why = find_store(p, host)
  if not store and info then return nil, info, why end
  local drive, err, code = find_drive(p, host, store, info)
  if err then return nil, err, code end
  if not drive then return nil, "no drive to wipe is known: say which one with `drive`" end
  -- The proof looks for profiles where a volume has them: of a folder such as C:\Users it would see none.
  if not drive:match("^%a:$") then
    return nil, ("%s is no drive: a whole volume is wiped, and it is named by its letter, such as C:; folders are "
      .. "deleted by DeleteFiles"):format(drive)
  end

  local keep = { table.unpack(p.keep or {}) }
  if host.state_dir then keep[#keep + 1] = host.state_dir end
  local cache = host.vars.get("_SMSTSMDataPath")
  if cache then keep[#keep + 1] = cache end

  local totals
  totals, err, code = host.store.wipe { drive = drive, store = store, keep = keep, withoutStore = p.withoutStore }
  if not totals then return nil, err, code end
  host.log(("Wiped %s: %s and %s deleted%s"):format(drive, text.count(totals.files, "file"),
    text.count(totals.folders, "folder"), store and ", the state store " .. store .. " kept" or ""))
  return host.vars.set("OSDTargetSystemDrive", drive)
end

return M
