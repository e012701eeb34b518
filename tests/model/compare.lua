-- compare.lua - does what the engine did agree with the model?
--
-- Where power was lost at some point of the runtime nobody knows which record was the last.  What
-- the steps did until then is known; every record that fits that is tried, each in a world of its
-- own, and one of them has to explain everything that came later.
local model = require "model"

local M = {}

-- ---- the engine's record in the model's words

local told = {
  ["run.started"] = { "phase" },
  ["run.resumed"] = { "phase" },
  ["run.finished"] = { "result", "code" },
  ["group.started"] = { "name" },
  ["group.finished"] = { "name", "succeeded" },
  ["group.skipped"] = { "name", "reason" },
  ["step.started"] = { "name", "attempt" },
  ["step.finished"] = { "name", "code", "succeeded", "ignored", "attempt" },
  ["step.skipped"] = { "name", "reason" },
  ["restart.requested"] = { "name", "target" },
  ["restart.arrived"] = { "target", "phase", "expected" },
}

function M.events(list)
  local out = {}
  for _, e in ipairs(list) do
    if told[e.event] then
      local words = { e.event }
      for _, field in ipairs(told[e.event]) do
        words[#words + 1] = e[field] == nil and "" or tostring(e[field])
      end
      if e.event == "step.finished" then
        words[#words + 1] = e.again and "again" or ""
      end
      out[#out + 1] = table.concat(words, " ")
    end
  end
  return out
end

-- The table of steps; its rows stand in the order of their beginning.
local function rows_as_events(rows)
  local out = {}
  for _, r in ipairs(rows) do
    if r.skipped ~= "" then
      out[#out + 1] = ("skipped %s %s"):format(r.name, r.skipped)
    elseif r.code then
      out[#out + 1] = ("finished %s %d %s %s %d"):format(r.name, r.code, tostring(r.succeeded),
        tostring(r.ignored), r.attempt)
    end
  end
  table.sort(out)
  return out
end

local function in_order(list)
  local out = table.move(list, 1, #list, 1, {})
  table.sort(out)
  return out
end

-- ---- differences: nil, or text

local function different(what, mine, theirs)
  if mine ~= theirs then
    return ("%s: the model says %s, the engine %s"):format(what, tostring(mine), tostring(theirs))
  end
end

local function different_lists(what, mine, theirs)
  for i = 1, math.max(#mine, #theirs) do
    if mine[i] ~= theirs[i] then
      return different(("%s, number %d"):format(what, i), mine[i] or "nothing", theirs[i] or "nothing")
    end
  end
end

local function different_vars(what, mine, theirs)
  local names, lower = {}, {}
  for name, value in pairs(theirs) do
    lower[name:lower()] = value
    names[name:lower()] = true
  end
  for name in pairs(mine) do
    names[name] = true
  end
  local sorted = {}
  for name in pairs(names) do
    sorted[#sorted + 1] = name
  end
  table.sort(sorted)
  for _, name in ipairs(sorted) do
    if mine[name] ~= lower[name] then
      return different(what .. ": " .. name, mine[name] or "nothing", lower[name] or "nothing")
    end
  end
end

-- The steps that worked in one start; `n`: only so many of them.
local function different_ran(boot, mine, theirs, n)
  for i = 1, n or math.max(#mine, #theirs) do
    local a, b = mine[i], theirs[i]
    local what = ("start %d, step %d at work"):format(boot, i)
    local d = different(what, a and a.name .. " " .. a.attempt or "nothing",
      b and b.name .. " " .. b.attempt or "nothing") or
      different_vars(what .. " (" .. a.name .. ") saw", a.variables, b.variables)
    if d then
      return d
    end
  end
end

-- A step costs two commits at the most; besides them a start has one or two, a group whose condition
-- cannot be asked one, and a restart that did not happen one.
local function too_many_commits(outcome)
  local most = 2
  for _, boot in ipairs(outcome.boots) do
    if boot["end"] == "killed" then
      return nil -- what was lost is not known
    end
    most = most + 3
  end
  for _, e in ipairs(outcome.record.events) do
    most = most + (e.event == "step.started" and 2 or e.event == "group.finished" and 1 or 0)
  end
  if outcome.commits > most then
    return ("%d commits, at most %d were expected"):format(outcome.commits, most)
  end
end

local function different_end(w, outcome)
  local over = w.over
  return different("result", over.result, outcome.result) or
    different("code", over.code, outcome.code) or
    different("recorded result", over.result, outcome.record.status) or
    different("recorded code", over.code, outcome.record.code) or
    different_lists("record", w.events, M.events(outcome.record.events)) or
    different_lists("table of steps", in_order(w.rows),
      rows_as_events(outcome.record.steps)) or
    different_vars("variables", w.vars, outcome.variables) or
    too_many_commits(outcome)
end

-- ---- every world that is possible

local Search = {}
Search.__index = Search

-- Keep what is known of the world that agreed for longest.
function Search:disagree(boot, why, w)
  local mine, theirs, same = w.events, M.events(self.outcome.record.events), 0
  while same < mine.n and mine[same + 1] == theirs[same + 1] do
    same = same + 1
  end
  local better = not self.best or boot > self.best.boot or boot == self.best.boot and same > self.best.same
  if better then
    self.best = { boot = boot, same = same, why = why, model = table.move(mine, 1, mine.n, 1, {}) }
  end
  return false
end

local function arrival(case, boot, phase)
  local v = case.arrive and case.arrive[boot - 1]
  return type(v) == "string" and v or phase
end

local function has_points(case)
  for _, k in ipairs(case.kills or {}) do
    if k.kind == "point" then
      return true
    end
  end
  return false
end

-- Which records may have been the last before the cut, as {saved, phases that may come up}.
function Search:cuts(w, boot, how, first)
  local seen, out = self.outcome.boots[boot], {}
  if how == "killed" and #w.ran == #seen.ran then
    out[1] = { w.saved, { w.prepared or seen.phase } }
  end
  if has_points(self.case) then
    for i = 0, #w.moments do
      local saved, after = w.moments[i] or first, w.moments[i + 1]
      local from, to = saved.boot == boot and saved.ran or 0, after and after.ran or #w.ran
      if from <= #seen.ran and #seen.ran <= to then
        out[#out + 1] = { saved, { seen.phase, saved.boot == boot and saved.prepared or nil,
          after and after.prepared or w.prepared } }
      end
    end
  end
  return out
end

function Search:killed(w, boot, how, first, calls, worked)
  local seen = self.outcome.boots[boot]
  local d = different_ran(boot, w.ran, seen.ran, #seen.ran)
  local cuts = d and {} or self:cuts(w, boot, how, first)
  for _, r in ipairs(seen.ran) do
    calls[r.name] = (calls[r.name] or 0) + 1
  end
  for _, c in ipairs(cuts) do
    local other = w:fork()
    other:cut(c[1])
    other.calls, other.worked = calls, worked + #seen.ran
    other.calls = {}
    for k, v in pairs(calls) do
      other.calls[k] = v
    end
    if self:from(other, boot + 1, c[2]) then
      return true
    end
  end
  if #cuts == 0 then
    return self:disagree(boot, d or ("start %d: power cannot be lost there"):format(boot), w)
  end
  return false
end

function Search:from(w, boot, phases)
  local seen = self.outcome.boots[boot]
  if not seen then
    return self:disagree(boot, ("start %d: the model goes on, the engine does not"):format(boot), w)
  end
  local possible = false
  for _, phase in pairs(phases) do
    possible = possible or seen.phase == arrival(self.case, boot, phase)
  end
  if not possible then
    return self:disagree(boot, ("start %d: %s came up"):format(boot, seen.phase), w)
  end
  local first, worked, calls = w.saved, w.worked, {}
  for k, v in pairs(w.calls) do
    calls[k] = v
  end
  w.moments = seen["end"] == "killed" and {} or nil
  local how, asked, delay = model.start(w, boot, seen.phase)
  if seen["end"] == "killed" then
    return self:killed(w, boot, how, first, calls, worked)
  end
  local d = different_ran(boot, w.ran, seen.ran) or
    different(("start %d ended"):format(boot), how, seen["end"]) or
    different(("start %d asked for"):format(boot), asked or "", seen.asked) or
    different(("start %d, delay"):format(boot), delay or 0, seen.delay) or
    how == "ended" and different_end(w, self.outcome)
  if d then
    return self:disagree(boot, d, w)
  end
  if how == "restart" then
    return self:from(w, boot + 1, { asked })
  end
  self.world = w
  return true
end

-- nil and the world that explains it all: they agree; else {why, model = its record, engine = its record}.
function M.check(case, outcome)
  if outcome.broken then
    return { why = "the engine: " .. outcome.broken, model = {}, engine = {} }
  end
  local s = setmetatable({ case = case, outcome = outcome }, Search)
  if s:from(model.new(case), 1, { case.phase or "FullOS" }) then
    return nil, s.world
  end
  return { why = s.best.why, model = s.best.model, engine = M.events(outcome.record.events) }
end

return M
