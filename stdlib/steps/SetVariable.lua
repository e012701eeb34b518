--- Set a variable of the run.
---@class ts.steps.SetVariable: ts.StepDef
local M = {
  summary = "Set a variable of the run",
  doc = "The name is without regard to case. The empty value deletes the variable. Names that begin "
    .. "with an underscore are set by the runtime alone. A value that is made from a secret one is secret too.",
  onInterrupt = "rerun",
  params = {
    { name = "variable", type = "string", required = true, doc = "Name: letters, digits, '_' and '-'" },
    { name = "value", type = "string", required = true, doc = "New value; the empty text deletes the variable" },
    { name = "secret", type = "boolean", default = false,
      doc = "Hide the value wherever text leaves the program" },
  },
}

---@param p { variable: string, value: string?, secret: boolean }
---@param host ts.Host
function M.run(p, host)
  return host.vars.set(p.variable, p.value or "", { secret = p.secret })
end

return M
