-- features.lua - what the cases of a run were about: a generator that has lost something shows here.
local M = {}

-- Names of the steps inside finally lists, and how many such lists are around them.
local function finally_steps(list, depth, out)
  for _, node in ipairs(list) do
    out[node.name] = depth
    finally_steps(node.steps or {}, depth, out)
    finally_steps(node["finally"] or {}, depth + 1, out)
  end
  return out
end

-- What ended a start that was killed: the kind of kill.
local function kind_of(case, worked)
  for _, k in ipairs(case.kills or {}) do
    if k.kind ~= "point" and k.n == worked then
      return k.kind
    end
  end
  return "point"
end

local patterns = {
  { "group ran", "^group.started" },
  { "group failed", "^group.finished %S+ false" },
  { "group left out: condition", "^group.skipped %S+ condition" },
  { "group left out: disabled", "^group.skipped %S+ disabled" },
  { "group left out: failed group", "^group.skipped %S+ failed" },
  { "step left out: condition", "^step.skipped %S+ condition" },
  { "step left out: disabled", "^step.skipped %S+ disabled" },
  { "step left out: failed group", "^step.skipped %S+ failed" },
  { "interrupted step left out", "^step.skipped %S+ interrupted" },
  { "interrupted step failed", "^step.finished %S+ %-2147023829" },
  { "failure ignored", "^step.finished %S+ %S+ false true" },
  { "tried again", "^step.finished .* again$" },
  { "timeout", "^step.finished %S+ %-2147023436" },
  { "wrong phase for a step", "^step.finished %S+ %-2147024846" },
  { "success code that is not 0", "^step.finished %S+ %-?[1-9]%d* true" },
  { "restart into FullOS", "^restart.requested %S+ FullOS" },
  { "restart into WinPE", "^restart.requested %S+ WinPE" },
  { "start that nobody asked for", "^restart.arrived .* false$" },
  { "result: succeeded", "^run.finished succeeded" },
  { "result: failed", "^run.finished failed" },
  { "result: cancelled", "^run.finished cancelled" },
}

M.names = {}
for _, p in ipairs(patterns) do
  M.names[#M.names + 1] = p[1]
end
-- What the model itself tells (Run:saw), then what follows from the case and from what happened.
for _, name in ipairs { "cancelled", "cancelled twice", "cancelled in a finally list", "asked to run again",
  "asked to run again behind a restart", "asked to run again for ever", "restart request that means nothing",
  "restart refused", "restart that did not happen", "too many restarts", "sent back to its phase",
  "wrong phase came up", "stranded in the midst of a step", "interrupted: fail", "interrupted: rerun",
  "condition that cannot be asked", "parameter that is wrong",
  "typed value in a condition", "started in WinPE",
  "imported sequence", "restart trusted", "finally list ran",
  "finally list after a failure", "finally list in a finally list", "restart in a finally list",
  "power lost in a finally list", "power lost: mid", "power lost: late", "power lost: recorded",
  "power lost: point", "power lost twice or more", "power lost while resuming" } do
  M.names[#M.names + 1] = name
end

-- `w` is the model's world at the end; what it saw besides is in w.seen.
function M.of(case, outcome, w)
  local has = {}
  for i = 1, w.events.n do
    for _, p in ipairs(patterns) do
      has[p[1]] = has[p[1]] or w.events[i]:find(p[2]) ~= nil
    end
  end
  for name in pairs(w.seen) do
    has[name] = true
  end
  has["started in WinPE"] = case.phase == "WinPE"
  has["imported sequence"] = case.sequence.semantics ~= nil
  local inside, worked, cuts = finally_steps(case.sequence.steps, 0, {}), 0, 0
  for i, boot in ipairs(outcome.boots) do
    local last
    worked = worked + #boot.ran
    for _, r in ipairs(boot.ran) do
      last = inside[r.name] > 0
      has["finally list ran"] = has["finally list ran"] or last
      has["finally list in a finally list"] = has["finally list in a finally list"] or inside[r.name] > 1
    end
    if boot["end"] == "restart" then
      has["restart trusted"] = has["restart trusted"] or case.trustPhase
      has["restart in a finally list"] = has["restart in a finally list"] or last
    end
    if boot["end"] == "killed" then
      cuts = cuts + 1
      has["power lost: " .. kind_of(case, worked)] = true
      has["power lost in a finally list"] = has["power lost in a finally list"] or last
      has["power lost while resuming"] = has["power lost while resuming"] or i > 1 and #boot.ran == 0
    end
  end
  has["power lost twice or more"] = cuts > 1
  has["finally list after a failure"] = has["finally list ran"] and has["group failed"]
  return has
end

return M
