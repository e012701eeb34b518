local machine = require "ts.machine"
local text = require "ts.text"

--- Check that the machine is fit for what follows.
---@class ts.steps.CheckReadiness: ts.StepDef
local M = {
  summary = "Check that the machine is fit for what follows, before anything is changed",
  doc = "All checks are made, then the step fails with the exit code 4316 and names every requirement that is not "
    .. "met. Only what is asked for is checked. Results stand in variables as 1 or 0: _TS_CRMEMORY, _TS_CRDISK, "
    .. "_TS_CRARCH, _TS_CRADMIN, _TS_CRWINDOWS, _TS_CRWRITABLE, _TS_CRPROFILES.",
  onInterrupt = "rerun",
  params = {
    { name = "minMemory", type = "integer", variable = "OSDMemory", doc = "Memory, in MB" },
    { name = "minDiskSpace", type = "integer", variable = "OSDFreeDiskSpace",
      doc = "Free space on the drive, in MB; 250 is enough for a hard-link store" },
    { name = "drive", type = "string", doc = "Drive that is meant; by default _OSDDetectedWinDrive, else the one of "
      .. "the only Windows there is" },
    { name = "architecture", type = "list", doc = "Architectures that will do: x86_64 (also written amd64 or x64), "
      .. "x86, aarch64 (also arm64)" },
    { name = "requireAdmin", type = "boolean", default = false, doc = "The run has the rights of an administrator" },
    { name = "requireWindows", type = "boolean", default = false, doc = "There is one Windows to work on, or one was "
      .. "named, and its files are there" },
    { name = "requireWritable", type = "boolean", default = false,
      doc = "The drive can be written: a hibernated Windows leaves a drive that can only be read" },
    { name = "requireProfiles", type = "boolean", default = false, doc = "There are user profiles on the drive" },
  },
}

local same_architecture = {
  amd64 = "x86_64", x64 = "x86_64", arm64 = "aarch64", i386 = "x86", i686 = "x86", i586 = "x86",
}

---@param name string
---@return string
local function architecture(name)
  name = text.trim(name):lower()
  return same_architecture[name] or name
end

--- Each check answers nil when all is well, else what is wrong and what can be done.
local checks = {}

function checks.memory(p, host)
  local has = host.system.memory_mb
  if has < p.minMemory then
    return ("the machine has %d MB of memory, %d MB are wanted"):format(has, p.minMemory)
  end
end

function checks.architecture(p, host)
  local is = architecture(host.system.architecture)
  for _, wanted in ipairs(p.architecture) do
    if architecture(wanted) == is then return nil end
  end
  return ("the processor architecture is %s, %s is wanted"):format(is, text.enumerate(p.architecture, "or"))
end

function checks.admin(_, host)
  if not host.system.admin then
    return "the run has no administrator's rights: start it as root or as an elevated administrator"
  end
end

function checks.windows(p, host)
  local drive, err = machine.windows_drive(host, p.drive)
  if err then return err end
  if not drive then return "no Windows was found" end
  local found
  found, err = host.windows()
  if not found then return err end
  for _, w in ipairs(found) do
    if w.drive:upper() == drive then return nil end
  end
  return ("there is no Windows on %s: is the drive encrypted or damaged?"):format(drive)
end

--- The volume that is meant, or what keeps it from being known.
---@param p table
---@param host ts.Host
---@return ts.Volume?
---@return string? err
---@return string? name
local function volume_of(p, host)
  local drive, err = machine.windows_drive(host, p.drive)
  if err then return nil, err end
  local volume
  volume, err = host.volume(drive and drive .. "\\" or "/")
  return volume, err, drive or "/"
end

function checks.disk(p, host)
  local volume, err, name = volume_of(p, host)
  if not volume then return err end
  if volume.free < p.minDiskSpace * 1024 * 1024 then
    return ("%s has %s free, %d MB are wanted: free some space"):format(name, text.bytes(volume.free), p.minDiskSpace)
  end
end

function checks.writable(p, host)
  local volume, err, name = volume_of(p, host)
  if not volume then return err end
  if volume.readonly then
    return ("%s can only be read: a Windows that was hibernated or has fast startup on must be shut down with "
      .. "`shutdown /s /f /t 0` first"):format(name)
  end
end

function checks.profiles(p, host)
  local drive, err = machine.windows_drive(host, p.drive)
  if err then return err end
  local profiles
  profiles, err = host.profiles(drive)
  if not profiles then return err end
  for _, profile in ipairs(profiles) do
    if not profile.public then return nil end
  end
  return ("no user profile was found%s"):format(drive and " on " .. drive or "")
end

---@param p table
---@param host ts.Host
function M.run(p, host)
  local plan = {
    { "_TS_CRMEMORY", p.minMemory, checks.memory },
    { "_TS_CRARCH", p.architecture, checks.architecture },
    { "_TS_CRADMIN", p.requireAdmin, checks.admin },
    { "_TS_CRWINDOWS", p.requireWindows, checks.windows },
    { "_TS_CRDISK", p.minDiskSpace, checks.disk },
    { "_TS_CRWRITABLE", p.requireWritable, checks.writable },
    { "_TS_CRPROFILES", p.requireProfiles, checks.profiles },
  }
  local problems, known, made = {}, {}, 0
  for _, check in ipairs(plan) do
    local fact, asked, test = table.unpack(check, 1, 3)
    local problem = asked and test(p, host)
    host.vars.fact(fact, not asked and "" or problem and "0" or "1")
    made = made + (asked and 1 or 0)
    if problem and not known[problem] then
      known[problem] = true -- several checks can fail for one reason
      problems[#problems + 1] = problem
    end
  end
  if #problems > 0 then
    return nil, "the machine is not ready: " .. table.concat(problems, "; "), 4316
  end
  if made == 0 then
    host.warn("Nothing was checked: the step asks for nothing")
  else
    host.log(("The machine passed %s"):format(text.count(made, "check")))
  end
  return true
end

return M
