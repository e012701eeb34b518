--- Stands for a sequence that could not be put in its place.
---@class ts.steps.RunTaskSequence: ts.StepDef
local M = {
  summary = "Run another sequence as a part of this one",
  doc = "When the sequence is loaded, the step becomes a group with the steps of the other sequence: its name, "
    .. "condition and other options are those of the group, the variables are shared, and the other sequence's own "
    .. "`variables`, `inputs` and `packages` count where this one says nothing. A sequence that runs itself, by "
    .. "whatever way, is refused. Only a child sequence that was not in the ConfigMgr export stays a step, which "
    .. "fails when it is reached.",
  onInterrupt = "rerun",
  params = {
    { name = "sequence", type = "string", required = true, expand = false,
      doc = "File of the other sequence, relative to the folder of this one" },
  },
}

---@param p { sequence: string }
function M.run(p)
  return nil, ("the sequence %s is not here: export it together with this one, or convert it and name its file in "
    .. "`sequence`"):format(p.sequence)
end

return M
