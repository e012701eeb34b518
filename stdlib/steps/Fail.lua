--- Fail on purpose.
---@class ts.steps.Fail: ts.StepDef
local M = {
  summary = "Fail with a message and an exit code",
  doc = "Ends a sequence in a state its author has foreseen: give the step the condition that must not hold.",
  onInterrupt = "rerun",
  params = {
    { name = "message", type = "string", default = "the sequence fails here on purpose",
      doc = "What is wrong and what to do about it" },
    { name = "code", type = "integer", doc = "Exit code of the step; by default that of any failure" },
  },
}

---@param p { message: string, code: integer? }
function M.run(p)
  if p.code == 0 then return nil, p.message .. " (the code 0 cannot stand for a failure)" end
  return nil, p.message, p.code
end

return M
