--- Which Windows, which store: what the user state steps find out in the same way.
local path = require "ts.path"
local text = require "ts.text"

local M = {}

---@param s string?
---@return string?
local function given(s)
  if s and text.trim(s) ~= "" then return text.trim(s) end
end

--- "C:" of "c", "C:", "C:\"; other texts as they are.
---@param drive string
---@return string
function M.drive(drive)
  local letter = drive:match("^(%a):?[\\/]*$")
  return letter and letter:upper() .. ":" or path.strip(drive)
end

--- The drive of the Windows to work on: the one named, else the one a variable names, else
--- the only one there is.  On a Linux machine without drives that is nil without an error:
--- its own home folders.
---@param host ts.Host
---@param named string?
---@param variable string? "_OSDDetectedWinDrive" when left out
---@return string? drive
---@return string? err
---@return string? code
function M.windows_drive(host, named, variable)
  local drive = given(named) or given(host.vars.get(variable or "_OSDDetectedWinDrive"))
  if drive then return M.drive(drive) end
  local found, err, code = host.windows()
  if not found then return nil, err, code end
  if #found == 1 then return found[1].drive end
  if #found > 1 then
    local names = {}
    for i, w in ipairs(found) do names[i] = w.drive end
    return nil, ("there is a Windows on %s: say with `drive` which one is meant")
      :format(text.enumerate(names))
  end
  local drives = host.drives()
  if #drives == 0 and host.system.platform == "posix" then return nil end
  local looked = {}
  for _, d in ipairs(drives) do
    if d.fixed then looked[#looked + 1] = d.letter end
  end
  return nil, #looked == 0 and "no Windows was found: this machine shows no fixed drive; is a storage driver missing?"
    or ("no Windows was found on %s: an encrypted drive must be unlocked first, another one named with `drive`")
      :format(text.enumerate(looked))
end

--- The folder of the state store, from the step's property or its variable.
---@param store string?
---@return string?
---@return string? err
function M.store(store)
  local folder = given(store)
  if not folder then
    return nil, "no folder for the state store is known: set the variable OSDStateStorePath, for example "
      .. "with a RequestStateStore step, or the property `store`"
  end
  return path.strip(folder)
end

--- What a capture or restore did, as one line.
---@param t ts.Totals
---@return string
function M.describe(t)
  local parts = {
    text.count(t.profiles, "profile"),
    text.count(t.files, "file"),
    text.count(t.folders, "folder"),
    text.bytes(t.bytes),
  }
  local line = table.concat(parts, ", ")
  local notes = {}
  local function note(n, one, many)
    if n > 0 then notes[#notes + 1] = text.count(n, one, many) end
  end
  note(t.orphans, "profile without an account", "profiles without an account")
  if t.copies > 0 then
    notes[#notes + 1] = ("%s copied (%s)"):format(text.count(t.copies, "file"), text.bytes(t.copied_bytes))
  end
  note(t.skipped, "object left out by rules", "objects left out by rules")
  note(t.unreadable, "object that could not be read", "objects that could not be read")
  note(t.special, "socket, pipe or device left out", "sockets, pipes or devices left out")
  note(t.conflicts, "existing file kept under another name", "existing files kept under another name")
  note(t.pending, "object that waits for a restart", "objects that wait for a restart")
  if #notes > 0 then line = line .. "; " .. table.concat(notes, ", ") end
  return ("%s in %.1f s"):format(line, t.elapsed_ms / 1000)
end

return M
