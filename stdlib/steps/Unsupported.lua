--- Stands for a step of another engine that has no counterpart here.
---@class ts.steps.Unsupported: ts.StepDef
local M = {
  summary = "Stand for a step of ConfigMgr or MDT that this program cannot do",
  doc = "Import puts it where a step has no counterpart and no command line that could run elsewhere. It fails when "
    .. "it is reached and enabled, so that a sequence runs as far as it can and says why it stops. Replace it, "
    .. "disable it, or give it a condition.",
  onInterrupt = "fail",
  params = {
    { name = "xmlType", type = "string", expand = false, doc = "Type of the step in the XML" },
    { name = "reason", type = "string", expand = false, doc = "Why it cannot be done" },
  },
}

---@param p { xmlType: string?, reason: string? }
function M.run(p)
  local what = p.xmlType and p.xmlType ~= "" and ("a step of type %s"):format(p.xmlType) or "this step"
  return nil, ("%s cannot be done here: %s; replace it, disable it or give it a condition"):format(
    what, p.reason or "it has no counterpart in this program")
end

return M
