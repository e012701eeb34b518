local text = require "ts.text"

--- Find out what the machine is, and apply rules to it.
---@class ts.steps.Gather: ts.StepDef
local M = {
  summary = "Find out what the machine is, and work through a rules file",
  doc = "What the machine is becomes variables with the names of MDT: Make, Model, SerialNumber, AssetTag, UUID, "
    .. "MacAddress001, IPAddress001, DefaultGateway001, IsLaptop, IsDesktop, IsServer, IsVM, IsUEFI, Memory, "
    .. "ProcessorSpeed, Architecture and others. Then the rules file (CustomSettings.ini, BootStrap.ini) is worked "
    .. "through; the first value found for a variable counts. A variable that has a value already keeps it. Scripts, "
    .. "databases and web services that the rules name are not run; each is a warning in the log.",
  onInterrupt = "rerun",
  params = {
    { name = "rulesFile", type = "path",
      doc = "Rules file; a relative name is looked for beside the sequence, then in its folder Control. Without it "
        .. "CustomSettings.ini is taken if there is one" },
    { name = "localOnly", type = "boolean", default = false,
      doc = "Only what the machine is, no rules" },
  },
}

--- Where the rules may be: as named, or in the places that deployment shares have.
---@param host ts.Host
---@param name string
---@return string?
local function find(host, name)
  local places = { name }
  local root = host.vars.get("DeployRoot")
  if not name:match("^%a:") and not name:match("^[\\/]") then
    places = {}
    for _, folder in ipairs { host.sequence_dir or "", root or "" } do
      if folder ~= "" then
        places[#places + 1] = host.fs.join(folder, name)
        places[#places + 1] = host.fs.join(folder, "Control", name)
      end
    end
  end
  for _, place in ipairs(places) do
    if host.fs.is_file(place) then return place end
  end
end

---@param host ts.Host
---@param path string
---@return true?
---@return string? err
---@return ts.CodeName? code
local function apply(host, path)
  local result, err, code = host.gather(path)
  if not result then return nil, err, code end
  for _, set in ipairs(result.set) do
    host.log(("%s = %s (%s:%d [%s])"):format(set.name, set.secret and "*****" or set.value, result.file, set.line,
      set.section))
  end
  for _, note in ipairs(result.notes) do
    host.warn(("%s:%d: %s"):format(result.file, note.line, note.text))
  end
  host.log(("%s set %s"):format(result.file, text.count(#result.set, "variable")))
  return true
end

---@param p { rulesFile: string?, localOnly: boolean }
---@param host ts.Host
function M.run(p, host)
  local n, err, code = host.gather_facts()
  if not n then return nil, err, code end
  host.log(("The machine says %s about itself"):format(text.count(n, "thing")))
  if p.localOnly then return true end
  local path = find(host, p.rulesFile or "CustomSettings.ini")
  if path then return apply(host, path) end
  if p.rulesFile then
    return nil, ("there is no rules file %s beside the sequence, in its folder Control, or in %%DeployRoot%%")
      :format(p.rulesFile), "not found"
  end
  host.log("There is no CustomSettings.ini: no rules")
  return true
end

return M
