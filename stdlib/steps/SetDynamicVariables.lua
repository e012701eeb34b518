local text = require "ts.text"

--- Set variables by rules.
---@class ts.steps.SetDynamicVariables: ts.StepDef
local M = {
  summary = "Set variables by rules, after finding out what the machine is",
  doc = "First the hardware variables get their values: _SMSTSMake, _SMSTSModel, _SMSTSSerialNumber, "
    .. "_SMSTSAssetTag, _SMSTSUUID, _SMSTSMacAddresses, _SMSTSIPAddresses, _SMSTSDefaultGateways (lists with commas), "
    .. "_TSSecureBoot. Then the rules are worked through from top to bottom; each whose condition holds sets its "
    .. "variables, a later one over an earlier one. Values are expanded when they are set, so that a rule can use "
    .. "what one before it set. Each rule is `{ condition = …, variables = { Name = \"value\" }, secrets = { … } }`; "
    .. "without a condition it always counts; `secrets` names those variables whose values are hidden.",
  onInterrupt = "rerun",
  params = {
    { name = "rules", type = "rules", doc = "The rules, in order" },
  },
}

---@param list string[]?
---@param name string
local function is_in(list, name)
  for _, item in ipairs(list or {}) do
    if item:lower() == name:lower() then return true end
  end
  return false
end

---@param p { rules: table[]? }
---@param host ts.Host
function M.run(p, host)
  host.hardware_variables()
  local done = 0
  for i, rule in ipairs(p.rules or {}) do
    local holds, err, code = true, nil, nil
    if rule.condition then holds, err, code = host.condition(rule.condition) end
    if holds == nil then return nil, ("rule %d: %s"):format(i, err), code end
    for _, v in ipairs(holds and rule.variables or {}) do
      local ok
      ok, err, code = host.vars.set(v.name, host.vars.expand(v.value), { secret = is_in(rule.secrets, v.name) })
      if not ok then return nil, ("rule %d: %s"):format(i, err), code end
    end
    done = done + (holds and 1 or 0)
    host.log(("Rule %d %s"):format(i, holds and "applies" or "does not apply"))
  end
  host.log(("%s of %d applied"):format(text.count(done, "rule"), #(p.rules or {})))
  return true
end

return M
