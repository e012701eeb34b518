local machine = require "ts.machine"
local path = require "ts.path"
local text = require "ts.text"

--- Choose, check and protect the folder of the state store.
---@class ts.steps.RequestStateStore: ts.StepDef
local M = {
  summary = "Choose, check and protect the folder that user state is kept in",
  doc = "For a capture: the folder must be on a fixed local volume, the one of the Windows whose users are "
    .. "captured, because hard links do not cross volumes; not the root of a drive; with some space left for "
    .. "the catalogue and what must be copied. From here on no step deletes it, and a run whose own record "
    .. "is on a RAM drive moves that record to the same drive. For a restore: the store is looked for in the "
    .. "same folder of every fixed drive, because letters change between WinPE and the installed system. "
    .. "Sets OSDStateStorePath and _SMSTSUserStatePath.",
  onInterrupt = "rerun",
  params = {
    { name = "path", type = "path", required = true, variable = "OSDStateStorePath",
      doc = "Folder, such as C:\\StateStore" },
    { name = "mode", type = "enum", choices = { "capture", "restore" }, default = "capture",
      variable = "OSDStateRequestType", doc = "What the store is needed for" },
    { name = "drive", type = "string", doc = "Drive of the Windows whose users are captured; by default "
      .. "_OSDDetectedWinDrive, else the only one there is" },
    { name = "minSpace", type = "integer", default = 250, doc = "Free space wanted for a capture, in MB" },
  },
}

--- What is wrong with the path itself, or nil.
---@param folder string
---@return string?
local function bad_path(folder)
  if path.is_share(folder) then
    return ("the state store %s is a share: hard links need a folder on the drive of the users, such as "
      .. "C:\\StateStore"):format(folder)
  end
  if not path.is_absolute(folder) then
    return ("the state store %s must be a full path, such as C:\\StateStore"):format(folder)
  end
  if path.is_root(folder) then
    return ("the state store cannot be %s itself: give it a folder of its own there, such as %s")
      :format(folder, path.drive(folder) and path.drive(folder) .. "\\StateStore" or "/statestore")
  end
  if path.climbs(folder) then
    return ("the state store %s goes up with '..': write the path without it"):format(folder)
  end
end

---@param folder string
---@param volume ts.Volume
---@param wanted integer MB
---@return string?
local function bad_volume(folder, volume, wanted)
  local name = volume.letter or "the volume of " .. folder
  if not volume.fixed then
    return ("the state store cannot be %s: %s is no fixed local drive, what is kept there is lost at the restart")
      :format(folder, name)
  end
  if volume.readonly then
    return ("%s can only be read, so that no state store can be made there: a Windows that was hibernated or has "
      .. "fast startup on must be shut down with `shutdown /s /f /t 0` first"):format(name)
  end
  if volume.free < wanted * 1024 * 1024 then
    return ("%s has %s free, the state store wants %d MB: free some space, or set `minSpace` lower")
      :format(name, text.bytes(volume.free), wanted)
  end
end

--- What stands at the path and is no state store; nil when nothing does.
---@param host ts.Host
---@param folder string
---@return string? err
---@return string? code
local function bad_content(host, folder)
  local there, err, code = host.fs.stat(folder)
  if not there then
    if code == "not found" then return nil end
    return err, code
  end
  if there.type == "link" then
    return ("the state store cannot be %s: it is a link; name the folder it leads to, or another one"):format(folder)
  end
  if there.type ~= "folder" then
    return ("the state store cannot be %s: that is no folder; choose another path"):format(folder)
  end
  local info
  info, err, code = host.store.info(folder)
  if info then return nil end
  if code ~= "not found" then return err, code end
  local entries
  entries, err, code = host.fs.list(folder)
  if not entries then return err, code end
  if #entries > 0 then
    return ("the state store cannot be %s: there is something in it that is no state store's (%s); choose another "
      .. "folder, or empty it"):format(folder, entries[1].name)
  end
end

---@param host ts.Host
---@param folder string
---@param volume ts.Volume
---@param named string?
---@return string? err
---@return string? code
local function bad_drive(host, folder, volume, named)
  local drive, err, code = machine.windows_drive(host, named)
  if err then return err, code end
  if not drive then return nil end
  local users
  users, err, code = host.volume(drive .. "\\")
  if not users then return err, code end
  if users.volume ~= volume.volume then
    return ("the state store %s is not on %s, where the users are: hard links cannot cross volumes, choose a folder "
      .. "on %s"):format(folder, drive, drive)
  end
end

---@param host ts.Host
---@param folder string
---@return true?
---@return string? err
---@return string? code
local function use(host, folder)
  local ok, err, code = host.protect(folder)
  if not ok then return nil, err, code end
  ok, err, code = host.vars.set("OSDStateStorePath", folder)
  if not ok then return nil, err, code end
  return host.vars.fact("_SMSTSUserStatePath", folder)
end

---@param p table
---@param host ts.Host
---@param folder string
local function for_capture(p, host, folder)
  local volume, err, code = host.volume(folder)
  if not volume then return nil, err, code end
  err = bad_volume(folder, volume, p.minSpace)
  if not err then err, code = bad_drive(host, folder, volume, p.drive) end
  if not err then err, code = bad_content(host, folder) end
  if err then return nil, err, code end
  local ok
  ok, err, code = host.settle_state(folder)
  if not ok then return nil, err, code end
  host.log(("State store: %s on %s, %s free"):format(folder, volume.letter or volume.fstype, text.bytes(volume.free)))
  return use(host, folder)
end

--- The stores at this folder of any fixed drive.
---@param host ts.Host
---@param folder string
---@return { path: string, info: ts.StoreInfo }[]
---@return string[] looked
local function find_stores(host, folder)
  local places = { folder }
  if path.drive(folder) then
    for _, d in ipairs(host.drives()) do
      local other = d.letter .. "\\" .. path.below_drive(folder)
      if d.fixed and d.letter ~= path.drive(folder) then places[#places + 1] = other end
    end
  end
  local found = {}
  for _, place in ipairs(places) do
    local info, err, code = host.store.info(place)
    if info then
      found[#found + 1] = { path = place, info = info }
    elseif code ~= "not found" then
      host.warn(("The state store %s cannot be used: %s"):format(place, err))
    end
  end
  return found, places
end

---@param host ts.Host
---@param folder string
local function for_restore(host, folder)
  local found, looked = find_stores(host, folder)
  local usable, unfinished = {}, nil
  for _, f in ipairs(found) do
    if f.info.state == "capturing" then
      unfinished = f.path
    elseif f.info.machine == host.machine or #found == 1 then
      usable[#usable + 1] = f
    end
  end
  if #usable == 0 and unfinished then
    return nil, ("the state store %s was never completed, so that it cannot be restored from"):format(unfinished)
  end
  if #usable == 0 then
    return nil, ("no state store was found, looked for it at %s: is the drive visible and unlocked?")
      :format(text.enumerate(looked)), "not found"
  end
  if #usable > 1 then
    local paths = {}
    for i, f in ipairs(usable) do paths[i] = f.path end
    return nil, ("there is a state store of this machine at each of %s: rename the folders that are not meant")
      :format(text.enumerate(paths))
  end
  local store = usable[1]
  if store.info.machine ~= host.machine then
    host.warn(("The state store %s was captured on another machine (%s)"):format(store.path, store.info.machine))
  end
  host.log(("State store: %s, %s"):format(store.path, store.info.state))
  return use(host, store.path)
end

---@param p { path: string, mode: string, drive: string?, minSpace: integer }
---@param host ts.Host
function M.run(p, host)
  local folder = path.strip(p.path)
  local err = bad_path(folder)
  if err then return nil, err end
  if p.mode == "restore" then return for_restore(host, folder) end
  return for_capture(p, host, folder)
end

return M
