local text = require "ts.text"

--- The phases of a deployment, as MDT names them.
local phases = { "VALIDATION", "STATECAPTURE", "PREINSTALL", "INSTALL", "POSTINSTALL", "STATERESTORE" }

--- Move on to the next phase of a deployment.
---@class ts.steps.NextPhase: ts.StepDef
local M = {
  summary = "Move the variable PHASE on to the next phase of a deployment",
  doc = "The phases are VALIDATION, STATECAPTURE, PREINSTALL, INSTALL, POSTINSTALL and STATERESTORE, in this order; "
    .. "groups of sequences for MDT have them as their conditions. Without PHASE the first one begins. After the last "
    .. "one PHASE is deleted.",
  onInterrupt = "rerun", -- the variable is recorded together with the end of the step
  params = {},
}

---@param host ts.Host
function M.run(_, host)
  local now = text.trim(host.vars.get("PHASE") or ""):upper()
  if now == "" then
    host.log("The deployment begins with the phase " .. phases[1])
    return host.vars.set("PHASE", phases[1])
  end
  for i, phase in ipairs(phases) do
    if phase == now then
      local next_phase = phases[i + 1]
      host.log(next_phase and ("The phase %s follows %s"):format(next_phase, phase)
        or ("%s was the last phase"):format(phase))
      return host.vars.set("PHASE", next_phase or "")
    end
  end
  return nil, ("PHASE is %s, which is none of the phases %s"):format(now, text.enumerate(phases))
end

return M
