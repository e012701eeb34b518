local files = require "ts.files"
local machine = require "ts.machine"
local path = require "ts.path"

--- Capture the users' files and settings into the state store.
---@class ts.steps.CaptureUserState: ts.StepDef
local M = {
  summary = "Capture the users' files and settings into the state store, by hard links",
  doc = "Works in the running Windows and from WinPE alike. Without rules everything below each profile is "
    .. "captured, the registry hives included. The store is complete or not there: a capture that was cut "
    .. "is begun again. Files are linked, not copied, so that a capture takes no space and seconds; what is on "
    .. "another volume than the store gets a part of the store there. Rules are lines `include PATTERN` and "
    .. "`exclude PATTERN`; a pattern is a path below the profile, `*` matches within a name, `**` across "
    .. "folders, the last line that matches wins.",
  onInterrupt = "rerun",
  params = {
    { name = "store", type = "path", variable = "OSDStateStorePath", doc = "Folder of the store" },
    { name = "drive", type = "string", doc = "Drive of the Windows whose users are captured; by default "
      .. "_OSDDetectedWinDrive, else the only one there is" },
    { name = "rules", type = "list", doc = "Rules, one a line; without any, everything is captured" },
    { name = "rulesFile", type = "path", doc = "File with rules; relative paths stand below the step's package, "
      .. "else beside the sequence" },
    { name = "extra", type = "list", doc = "More folders to capture" },
    { name = "onUnreadable", type = "enum", choices = { "fail", "skip" }, default = "fail",
      doc = "What to do about a file that cannot be read; skip lists it in the log" },
    { name = "update", type = "boolean", default = false,
      doc = "Bring a complete store up to date with what changed since; captures where there is none" },
    { name = "overwrite", type = "boolean", default = false,
      doc = "Replace a store that was released or never completed; one that still holds state is never replaced" },
    { name = "copy", type = "boolean", default = false, doc = "Copy files instead of linking them" },
  },
}

---@param p table
---@param host ts.Host
---@return string? rules nil for none
---@return string? name for messages
---@return string? err
---@return string? code
local function read_rules(p, host)
  if p.rules and p.rulesFile then return nil, nil, "give either `rules` or `rulesFile`, not both" end
  if p.rules then return table.concat(p.rules, "\n"), "rules" end
  if not p.rulesFile then return nil end
  local file, err, code = files.locate(host, p.rulesFile)
  if not file then return nil, nil, err, code end
  local rules
  rules, err, code = host.fs.read(file)
  if not rules then return nil, nil, ("cannot read the rules %s: %s"):format(file, err), code end
  return rules, file
end

--- A capture that a crash cut just behind its end has nothing left to do.
---@param host ts.Host
---@param info ts.StoreInfo?
---@return boolean
local function was_done(host, info)
  return host.interrupted and info ~= nil and info.state == "complete" and info.machine == host.machine
end

--- Why a store must not be made there, or nil.  Its catalogue has the names of all files: on a RAM drive it would be
--- gone after the restart, when the wipe has left no others.
---@param host ts.Host
---@param store string
---@return string? err
---@return string? code
local function bad_place(host, store)
  if not path.is_absolute(store) then
    return ("the state store %s must be a full path, such as C:\\StateStore"):format(store)
  end
  if not path.drive(store) then return nil end
  local volume, err, code = host.volume(store)
  if not volume then return err, code end
  if not volume.fixed then
    return ("the state store cannot be on %s: it is no fixed local drive, what is kept there is lost at the restart")
      :format(path.drive(store))
  end
end

---@param p table
---@param host ts.Host
function M.run(p, host)
  local store, err = machine.store(p.store)
  if not store then return nil, err end
  local drive, code
  err, code = bad_place(host, store)
  if err then return nil, err, code end
  drive, err, code = machine.windows_drive(host, p.drive)
  if err then return nil, err, code end
  local rules, name
  rules, name, err, code = read_rules(p, host)
  if err then return nil, err, code end

  local info, why
  info, err, why = host.store.info(store)
  if not info and why ~= "not found" and not p.overwrite then return nil, err, why end
  local update = p.update and info ~= nil and info.state == "complete"
  if not update and was_done(host, info) then
    host.log(("The state store %s was completed before the interruption"):format(store))
    return true
  end

  local totals
  totals, err, code = (update and host.store.update or host.store.capture) {
    store = store,
    drive = drive,
    extra = p.extra,
    rules = rules,
    rulesName = name,
    skipUnreadable = p.onUnreadable == "skip",
    overwrite = p.overwrite,
    copy = p.copy,
  }
  if not totals then return nil, err, code end
  if update then
    host.log(("State store %s is up to date: %d added, %d changed, %d deleted; %s")
      :format(store, totals.added, totals.changed, totals.deleted, machine.describe(totals)))
  else
    host.log(("Captured into %s: %s"):format(store, machine.describe(totals)))
  end
  return true
end

return M
