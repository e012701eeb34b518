local text = require "ts.text"

--- Check that a deployment may go on with this machine.
---@class ts.steps.Validate: ts.StepDef
local M = {
  summary = "Check that a deployment may go on with this machine",
  doc = "All checks are made, then the step fails and names every one that was not passed. What is not asked for is "
    .. "not checked; a machine that does not say how fast it is or how much memory it has passes with a warning. "
    .. "The variable OSInstall with NO or N forbids the installation.",
  onInterrupt = "rerun",
  params = {
    { name = "minMemory", type = "integer", variable = "ImageMemory", doc = "Least memory in MB" },
    { name = "minProcessorSpeed", type = "integer", variable = "ImageProcessorSpeed",
      doc = "Least speed of the processor in MHz" },
    { name = "imageSize", type = "integer", variable = "ImageSize",
      doc = "Space in MB that the new system needs; checked on the drive of the system that is there" },
    { name = "verifyOS", type = "enum", choices = { "client", "server" }, variable = "VerifyOS",
      doc = "The system that is there must be one for clients or for servers; not checked in WinPE" },
  },
}

---@param host ts.Host
---@return table<string, string> facts names in small letters
local function facts(host)
  local all = host.facts()
  local found = {}
  for name, value in pairs(all and all.variables or {}) do found[name:lower()] = value end
  return found
end

---@param host ts.Host
---@param known table<string, string>
---@param name string
---@return integer?
local function number(host, known, name)
  return math.tointeger(tonumber(host.vars.get(name) or known[name:lower()] or ""))
end

---@param host ts.Host
---@param problems string[]
---@param has integer?
---@param wanted integer?
---@param what string
---@param unit string
local function at_least(host, problems, has, wanted, what, unit)
  if not wanted then return end
  if not has then
    host.warn(("The machine does not say its %s; %d %s are wanted"):format(what, wanted, unit))
  elseif has < wanted then
    problems[#problems + 1] = ("the %s is %d %s, %d %s are wanted"):format(what, has, unit, wanted, unit)
  end
end

---@param host ts.Host
---@param problems string[]
---@param wanted integer?
local function space(host, problems, wanted)
  local drive = host.vars.get("_OSDDetectedWinDrive")
  if not wanted or not drive then return end
  local volume, err = host.volume(drive .. "\\")
  if not volume then
    problems[#problems + 1] = err
  elseif volume.total < wanted * 1024 * 1024 then
    problems[#problems + 1] = ("%s has %s, the new system needs %d MB"):format(drive, text.bytes(volume.total), wanted)
  end
end

---@param host ts.Host
---@param problems string[]
---@param known table<string, string>
---@param wanted string?
local function system(host, problems, known, wanted)
  local is_server = (host.vars.get("IsServerOS") or known.isserveros or ""):lower()
  if not wanted or host.phase == "WinPE" then return end
  if is_server == "" then
    host.warn(("It is not known whether the system is one for servers; one for a %s is wanted"):format(wanted))
  elseif (is_server == "true") ~= (wanted == "server") then
    problems[#problems + 1] = ("the system is one for a %s, one for a %s is wanted")
      :format(wanted == "server" and "client" or "server", wanted)
  end
end

---@param p { minMemory: integer?, minProcessorSpeed: integer?, imageSize: integer?, verifyOS: string? }
---@param host ts.Host
function M.run(p, host)
  local known, problems = facts(host), {}
  local install = (host.vars.get("OSInstall") or ""):upper()
  if install == "NO" or install == "N" then
    problems[#problems + 1] = ("OSInstall is %s: this machine is not to be installed"):format(install)
  end
  at_least(host, problems, number(host, known, "Memory") or host.system.memory_mb, p.minMemory, "memory", "MB")
  at_least(host, problems, number(host, known, "ProcessorSpeed"), p.minProcessorSpeed, "processor's speed", "MHz")
  space(host, problems, p.imageSize)
  system(host, problems, known, p.verifyOS)
  if #problems > 0 then return nil, "the machine is not fit: " .. table.concat(problems, "; ") end
  host.log("The machine is fit for the deployment")
  return true
end

return M
