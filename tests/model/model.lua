-- model.lua - what a task sequence does, written down a second time.
--
-- A reference interpreter of the semantics in the engine reference 1.2-1.10, docs/restarts.md,
-- docs/sequence.md and docs/conditions.md.  It walks the tree by recursion and knows no table of
-- instructions; where the run is stands in `frames`, one for each open list.  A run is played start
-- by start: what a cut takes back is in world.lua.
--
-- "Decided:" marks places where the documents leave a choice; the runtime's DESIGN.md has it too.
local condition = require "condition"
local World = require "world"

local M = {}

M.code = { failed = -2147467259, aborted = -2147467260, timeout = -2147023436,
  wrong_phase = -2147024846, interrupted = -2147023829 }

local CUT, RESTART = {}, {} -- thrown: power is lost, the machine restarts

-- ---- the tree: numbers of 1.2, a group has one at either end and its finally list before the second

-- A numbered copy of a list of nodes, and the number behind it.
local function number(list, n)
  local out = { constant = true }
  for i, node in ipairs(list or {}) do
    local own = {}
    for k, v in pairs(node) do
      own[k] = v
    end
    out[i], own.index, n = own, n, n + 1
    if node.type == "Group" then
      own.steps, n = number(node.steps, n)
      own["finally"], n = number(node["finally"], n)
      own.last_index, n = n, n + 1
    end
  end
  return out, n
end

local function same_code(a, b)
  return a & 0xffffffff == b & 0xffffffff
end

local function has_code(list, code)
  for _, c in ipairs(list or {}) do
    if same_code(c, code) then
      return true
    end
  end
  return false
end

-- ---- what the step types do

local interrupt_of = { Rerun = "rerun", SetVariable = "rerun", RestartComputer = "rerun",
  Fail = "rerun", Skip = "skip" }

-- An outcome is {code =, failed =, cancel =, wish =}: failed with code nil has none of its own.
-- The user cancels: `cancel` has ended the step, `wish` has not.
local act = {}

local function set_checked(w, name, value)
  if name:sub(1, 1) == "_" and not (w.allowed[name:lower()] and name:sub(1, 6):lower() ~= "_smsts") then
    return { failed = true } -- names of the runtime
  end
  w:set(name, value)
end

function act.SetVariable(w, p)
  return set_checked(w, p.variable, p.value or "") or {}
end

function act.RestartComputer(w, p)
  w:set("SMSTSRebootMessage", p.message or "")
  w:set("SMSTSRebootDelay", p.delay or "0")
  w:set("SMSTSRebootRequested", p.target or "FullOS")
  return {}
end

function act.Fail()
  return { failed = true }
end

-- The others do what was prepared for them: `results`, one entry for each call.
local function act_as_prepared(w, p, node)
  local list = w.case.results and w.case.results[node.name] or {}
  local result = list[math.min(w.calls[node.name], #list)]
  if result == nil then
    return { code = p.code }
  elseif type(result) ~= "table" then
    return { code = result }
  end
  local names = {}
  for name in pairs(result.set or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local refused = set_checked(w, name, result.set[name])
    if refused then
      return refused
    end
  end
  if result.cancel then
    return { failed = true, code = M.code.aborted, cancel = true }
  elseif result.timeout then
    return { failed = true, code = M.code.timeout, wish = result.cancelled }
  end
  return { code = result.code, failed = result.error ~= nil, wish = result.cancelled }
end

-- ---- one run

local Run = {}
Run.__index = Run

function Run:frame()
  return self.w.frames[#self.w.frames]
end

-- For the count of what the cases were about.
function Run:saw(what)
  self.w.seen[what] = true
end

function Run:stack()
  local out = {}
  for i = 2, #self.w.frames do
    out[#out + 1] = tostring(self.w.frames[i].group.index)
  end
  return table.concat(out, " ")
end

function Run:stand_at(node, index)
  self.w:set("_SMSTSCurrentActionName", node.name)
  self.w:set("_SMSTSNextInstructionPointer", tostring(index or node.index))
end

function Run:leave_out(node, reason)
  self.w:event(node.type == "Group" and "group.skipped" or "step.skipped", node.name, reason)
  self.w.rows[#self.w.rows + 1] = ("skipped %s %s"):format(node.name, reason)
end

-- ---- failure (1.5)

-- The step or group the list stands at has failed: the rest of the list is left out, and the group
-- around it fails.  The first error is the one that counts.
function Run:fail(code)
  local frame = self:frame()
  frame.index = frame.index + 1
  frame.stop = true
  frame.pending = frame.pending or { code = code }
end

-- This list's group fails, whatever its continueOnError says.  (The outermost list has no group: it
-- fails with what fails in it.)
function Run:mark(frame, code)
  frame.fatal = true
  if frame.group or #self.w.frames == 1 then
    frame.pending = frame.pending or { code = code }
  end
end

-- Where continueOnError has no effect every open group fails, one after the other, each with its
-- finally list.
function Run:fail_all(code)
  for _, frame in ipairs(self.w.frames) do
    self:mark(frame, code)
    frame.stop = true
  end
  self.w.fatal = self.w.fatal or not self.w.cancelled
  self.w.at = nil -- whatever was under way is over
  self.w:set("_SMSTSLastActionRetryCount", "0")
end

-- The wish is looked at before anything is begun, and when a list has come to its end.
function Run:heed_cancel()
  if self.wish then
    self.wish = nil
    self:cancel()
  end
end

-- The user has cancelled.  A finally list that runs already goes on, with everything in it; the
-- groups outside of it fail when it has ended.  A second time everything ends at once, without
-- finally lists.
function Run:cancel()
  local w = self.w
  self:saw(w.cancelled and "cancelled twice" or "cancelled")
  w.at_once, w.cancelled = w.cancelled, true
  for _, frame in ipairs(w.frames) do
    self:mark(frame, M.code.aborted)
    frame.stop = frame.stop or w.at_once or frame.section == "body"
    if frame.section == "finally" and not w.at_once then
      self:saw("cancelled in a finally list")
      return
    end
  end
end

-- ---- conditions

-- true, false, or nil: it cannot be evaluated.
function Run:condition(node)
  local x = node.condition
  if x == nil then
    return true
  end
  local w = self.w
  return condition.ask(x, {
    get = function(name)
      local typed = w.locals and w.locals[name:lower()]
      if typed then
        self:saw("typed value in a condition")
      end
      return w:get(name) or typed
    end,
    expand = function(text) return w:expand(text) end,
    lenient = self.configmgr,
  })
end

-- ---- steps

-- Decided: the step's own `phase` goes before that of its type.
function Run:can_run_here(node)
  local want = node.phase or "any"
  if want == "any" and node.type == "OnlyInWinPE" then
    want = "WinPE"
  end
  return want == "any" or want == self.w.phase
end

function Run:watch(node, attempt)
  local seen = {}
  for name, value in pairs(self.w.vars) do
    seen[name] = value
  end
  self.w.ran[#self.w.ran + 1] = { name = node.name, attempt = attempt, variables = seen }
end

local targets = { fullos = "FullOS", hd = "HD", winpe = "WinPE" }

-- Parameters with %Name% replaced; nil: a text is none of the words that it may be.
function Run:parameters(node)
  local p = {}
  for _, key in ipairs { "variable", "value", "target", "message", "delay", "code" } do
    local v = node[key]
    p[key] = type(v) == "string" and self.w:expand(v) or v
  end
  if node.type == "RestartComputer" then
    p.target = targets[(p.target or "FullOS"):lower()]
    return p.target and p
  end
  return p
end

function Run:power_cut_here(kind)
  for _, k in ipairs(self.w.case.kills or {}) do
    if k.kind == kind and k.n == self.w.worked then
      return true
    end
  end
  return false
end

function Run:record(what)
  self.owes = nil
  self.w:commit(what)
  if self.dies_at_record then
    error(CUT)
  end
end

-- Decided: what follows from a failure without anything being run - what is left out, groups that
-- fail, the run's end - is one record with it; so are an arrival and the end of the step that was
-- cut.  Such a record is owed until something is about to run.
function Run:settle()
  if self.owes then
    self:record(self.owes)
  end
end

-- The work itself, on the machine: power can go before it, or behind it and before its record.
function Run:work(node, p)
  local w = self.w
  w.calls[node.name] = (w.calls[node.name] or 0) + 1
  w.worked = w.worked + 1
  self:watch(node, w.at.attempt)
  if self:power_cut_here("mid") then
    error(CUT)
  end
  local outcome = (act[node.type] or act_as_prepared)(w, p, node)
  if self:power_cut_here("late") then
    error(CUT)
  end
  self.dies_at_record = self:power_cut_here("recorded")
  return outcome
end

-- One try: {code =, ok =, restart =, cancel =, no_more =}.  Decided: a step that cannot even begin -
-- its condition cannot be asked, a parameter is wrong, so is the phase - is recorded as started all
-- the same, and not tried again.
function Run:attempt(node, refused)
  local w = self.w
  w.at.attempt = w.at.attempt + 1
  w.at.tries = w.at.tries + 1
  w.at.started = true
  w:event("step.started", node.name, w.at.attempt)
  local p = not refused and self:parameters(node)
  self:record("started")
  if not p then
    self:saw(refused and "condition that cannot be asked" or "parameter that is wrong")
    return { code = M.code.failed, ok = false, no_more = true }
  elseif not self:can_run_here(node) then
    return { code = M.code.wrong_phase, ok = false, no_more = true }
  end
  return self:judge(node, self:work(node, p))
end

-- 1.6: what a code means.
function Run:judge(node, outcome)
  local code = outcome.code or (outcome.failed and M.code.failed or 0)
  local success = node.successCodes or
    (node.type == "RunCommandLine" and not self.configmgr and { 0, 3010 } or { 0 })
  local restarts = node.restartCodes or (node.type == "InstallPackage" and { 3010, 1641 } or {})
  local restart = not outcome.failed and has_code(restarts, code)
  local end_ = { code = code, restart = restart, cancel = outcome.cancel,
    ok = not outcome.failed and (restart or has_code(success, code)) }
  self.wish = self.wish or outcome.wish
  return self:bound_again(end_)
end

-- A step that asks to be run again for ever fails; one that fails anyway is not asked any more.
function Run:bound_again(end_)
  local w = self.w
  if w:get("SMSTSRetryRequested") and w.at.requests >= 100 then
    self:saw("asked to run again for ever")
    w:set("SMSTSRebootRequested", "")
    w:set("SMSTSRetryRequested", "")
    if end_.ok then
      end_.ok, end_.restart, end_.code = false, false, M.code.failed
    end
  end
  return end_
end

function Run:note_last(node, end_)
  self.w:set("_SMSTSLastActionRetCode", tostring(end_.code))
  self.w:set("_SMSTSLastActionName", node.name)
  self.w:set("_SMSTSLastActionSucceeded", tostring(end_.ok))
end

-- Is a failed try followed by another?
function Run:tries_again(node, end_)
  local retry = node.retry
  return not end_.ok and not end_.cancel and not end_.no_more and retry ~= nil and self.w.at.tries < retry.attempts and
    (retry.on == nil or has_code(retry.on, end_.code))
end

-- The table of attempts says how each one ended, also one that was cut.
function Run:row(node, code, ok, ignored)
  local rows = self.w.rows
  rows[#rows + 1] = ("finished %s %d %s %s %d"):format(node.name, code, tostring(ok), tostring(ignored),
    self.w.at.attempt)
end

function Run:finished(node, end_, ignored, again)
  self:row(node, end_.code, end_.ok, ignored)
  self.w:event("step.finished", node.name, end_.code, tostring(end_.ok), tostring(ignored),
    self.w.at.attempt, again and "again" or "")
  self.w.at.started = nil
end

-- 1.8, 1.9: what a step that ended well, or whose failure is ignored, asks for.
function Run:requests(end_)
  local w = self.w
  local wish, again = w:get("SMSTSRebootRequested"), w:get("SMSTSRetryRequested")
  local target
  if wish then
    target = ({ hd = "FullOS", fullos = "FullOS", ["true"] = "FullOS", winpe = "WinPE" })[wish:lower()]
  elseif end_.restart then
    target = "FullOS"
  end
  w:set("SMSTSRebootRequested", "")
  w:set("SMSTSRetryRequested", "")
  return { target = target, again = again ~= nil, nonsense = wish ~= nil and target == nil }
end

function Run:restart_refused()
  local from = self.w.case.refuseFrom or 0
  return from > 0 and self.w.boot >= from
end

function Run:restart_fails()
  local from = self.w.case.failFrom or 0
  return from > 0 and self.w.boot >= from
end

function Run:ask_restart(target, name)
  local w = self.w
  w.prepared = target
  w.asked = target
  w:event("restart.requested", name, target)
  self.delay = (tonumber(w:get("SMSTSRebootDelay") or "0") or 0) * 1000
  w:set("SMSTSRebootDelay", w:get("SMSTSRebootDelayNext") or "")
  w:set("SMSTSRebootMessage", "")
end

-- The machine goes down, or does not.
function Run:go_down(target)
  if self:restart_fails() then
    self:saw("restart that did not happen")
    self.w.asked = nil
    self.owes = "no restart"
    return self:strand(M.code.failed)
  end
  self.asked = target
  error(RESTART)
end

-- What a step that ended well, or whose failure is ignored, asks for.  Returns the phase to restart
-- into, or nil.
function Run:heed_requests(node, end_)
  local w, frame = self.w, self:frame()
  local asks = self:requests(end_)
  if self.wish then
    asks = {} -- the user wants nothing more
  end
  local refused = asks.nonsense or asks.target and self:restart_refused()
  if refused then
    self:saw(asks.nonsense and "restart request that means nothing" or "restart refused")
  end
  if asks.again and not refused then
    self:saw(asks.target and "asked to run again behind a restart" or "asked to run again")
    w.at = { attempt = 0, tries = 0, cuts = 0, requests = w.at.requests + 1 }
  else
    frame.index = frame.index + 1
    w.at, w.restarts = nil, 0
  end
  if refused then
    self:fail_all(M.code.failed)
  elseif asks.target then
    self:ask_restart(asks.target, node.name)
    return asks.target
  end
end

-- The last try is over: what comes of it.  One record holds all of it.
function Run:conclude(node, end_, told)
  local w = self.w
  local ignored = not end_.ok and node.continueOnError == true and not end_.cancel and not end_.fatal
  local target
  if not told then
    self:finished(node, end_, ignored)
  end
  self:note_last(node, end_)
  w:set("_SMSTSLastActionRetryCount", "0")
  w.locals = nil
  self.owes = "finished"
  if end_.ok or ignored then
    target = self:heed_requests(node, end_)
    if not self:frame().stop then
      self:settle()
    end
  else
    w:set("SMSTSRebootRequested", "")
    w:set("SMSTSRetryRequested", "")
    w.at, w.restarts = nil, 0
    if end_.fatal then
      self:fail_all(end_.code)
    elseif end_.cancel then
      self:cancel()
    end
    self:fail(end_.code)
  end
  if target then
    self:go_down(target)
  end
end

-- Local defaults of an imported step: behind all other values, gone with the step (2.3).
function Run:local_defaults(node)
  if self.configmgr then
    self.w.locals = {}
    for key, name in pairs { text = "osddotext", mode = "_osddomode" } do
      if type(node[key]) == "string" then
        self.w.locals[name] = self.w:expand(node[key])
      end
    end
  end
end

function Run:try(node)
  while true do
    local end_ = self:attempt(node)
    if not self:tries_again(node, end_) then
      return self:conclude(node, end_)
    end
    self:finished(node, end_, false, true) -- _SMSTSLastAction* wait for the last try
    self:record("finished")
    if self.wish then -- a cancel ends the pause between two tries
      self.wish, end_.cancel = nil, true
      return self:conclude(node, end_, true)
    end
  end
end

function Run:pass(node, reason)
  self:leave_out(node, reason)
  self:frame().index = self:frame().index + 1
  self.w.locals = nil
  self.w:set("_SMSTSLastActionRetryCount", "0")
end

-- The run was cut in the midst of this step: its onInterrupt decides.
function Run:go_on_in(node)
  local at = self.w.at
  local way = node.onInterrupt or interrupt_of[node.type] or "fail"
  if self.configmgr and not node.onInterrupt then
    way = node.retry and at.cuts + 1 < node.retry.attempts and "rerun" or "fail"
  end
  at.cuts = at.cuts + 1
  if way == "fail" or self.stranded then
    local fatal = self.stranded
    self.stranded = nil
    self:saw(fatal and "stranded in the midst of a step" or "interrupted: fail")
    return self:conclude(node, { code = M.code.interrupted, ok = false, fatal = fatal })
  end
  self:row(node, M.code.interrupted, false, way == "skip")
  if way == "skip" then
    self.w.at = nil
    self:pass(node, "interrupted")
    return self:settle()
  end
  at.started = nil
  at.tries = at.tries - 1 -- a try that was cut is not one of `attempts`
  self.w:set("_SMSTSLastActionRetryCount", tostring(at.cuts))
  self:saw("interrupted: rerun")
  self:settle()
  return self:try(node)
end

function Run:step(node)
  local w = self.w
  self:local_defaults(node)
  if w.at and w.at.started then
    return self:go_on_in(node)
  end
  self:settle()
  self:heed_cancel()
  if self:frame().stop then
    return
  end
  self:stand_at(node)
  if node.disabled then
    return self:pass(node, "disabled")
  end
  w.at = w.at or { attempt = 0, tries = 0, cuts = 0, requests = 0 }
  local answer = w.at.tries + w.at.cuts > 0 or self:condition(node) -- asked once for all tries
  if answer == false then
    w.at = nil
    return self:pass(node, "condition")
  elseif answer == nil then
    return self:conclude(node, self:attempt(node, true))
  end
  return self:try(node)
end

-- ---- groups and lists

local last_action = { "_SMSTSLastActionRetCode", "_SMSTSLastActionName", "_SMSTSLastActionSucceeded" }

function Run:open(node)
  local frames = self.w.frames
  frames[#frames + 1] = { group = node, section = "body", index = 1 }
  self.w:set("_SMSTSInstructionStackString", self:stack())
  self.w:set("_SMSTSLastActionRetryCount", "0")
  self.w:event("group.started", node.name)
end

-- A group's end: finally list, then its success or failure goes to the list around it.
function Run:close(node, frame)
  local w = self.w
  if frame.section == "body" and not frame.stop then
    self:settle()
    self:heed_cancel()
  end
  if frame.section == "body" and not w.at_once and #node["finally"] > 0 then
    frame.section, frame.index, frame.stop = "finally", 1, nil
    frame.last = {}
    for _, name in ipairs(last_action) do
      frame.last[name] = w:get(name) or ""
    end
    self:settle()
  end
  if frame.section == "finally" then
    self:list(node["finally"], frame)
    if not frame.stop then
      self:heed_cancel()
    end
    for name, value in pairs(frame.last) do
      w:set(name, value)
    end
  end
  if not frame.stop then -- who leaves a list early jumps over the end of the group
    self:stand_at(node, node.last_index)
  end
  table.remove(w.frames)
  w:set("_SMSTSInstructionStackString", self:stack())
  w:set("_SMSTSLastActionRetryCount", "0")
  w:event("group.finished", node.name, tostring(frame.pending == nil))
  if frame.pending and not (node.continueOnError and not frame.fatal) then
    self:fail(frame.pending.code)
    self:frame().fatal = self:frame().fatal or frame.fatal
  else
    self:frame().index = self:frame().index + 1
    self:settle()
  end
end

-- `inner` is the frame of the group if it is open already: its condition was asked then (1.10).
function Run:group(node, inner)
  if not inner then
    self:settle()
    self:heed_cancel()
    if self:frame().stop then
      return
    end
    self:stand_at(node)
    if node.disabled then
      return self:pass(node, "disabled")
    end
    local answer = self:condition(node)
    if answer == false then
      return self:pass(node, "condition")
    elseif answer == nil then
      self.w:event("group.finished", node.name, "false")
      if node.continueOnError then
        self:frame().index = self:frame().index + 1
        return self:record("group failed")
      end
      self.owes = "group failed"
      return self:fail(M.code.failed)
    end
    self:open(node)
    inner = self:frame()
  end
  if inner.section == "body" then
    self:list(node.steps, inner)
  end
  self:close(node, inner)
end

function Run:frame_inside(frame)
  local frames = self.w.frames
  for i = #frames, 1, -1 do
    if frames[i] == frame then
      return frames[i + 1]
    end
  end
end

function Run:list(list, frame)
  while frame.index <= #list do
    local node = list[frame.index]
    local inner = self:frame_inside(frame)
    if inner then
      self:group(node, inner) -- open already
    elseif frame.stop then
      if frame.group then -- what stands outside of all groups is not reached: no word of it
        self:leave_out(node, "failed-group")
      end
      frame.index = frame.index + 1
    elseif node.type == "Group" then
      self:group(node)
    else
      self:step(node)
    end
  end
end

-- ---- starts of the machine

function Run:clear_requests()
  for _, name in ipairs { "SMSTSRebootRequested", "SMSTSRebootMessage", "SMSTSRebootReason",
    "SMSTSRetryRequested" } do
    self.w:set(name, "")
  end
end

function Run:first_start()
  local w = self.w
  w.vars, w.rows, w.events.n, w.frames, w.at = {}, {}, 0, {}, nil
  for name, value in pairs(w.case.sequence.variables or {}) do
    w:set(name, value)
  end
  for name, value in pairs(w.case.variables or {}) do
    w:set(name, value)
  end
  w:event("run.started", w.phase)
  w:set("_SMSTSLastActionRetryCount", "0")
  w:set("_SMSTSInstructionTableSize", tostring(w.size))
  self:clear_requests()
  w:set("_SMSTSInWinPE", tostring(w.phase == "WinPE"))
  w.frames[1] = { section = "body", index = 1 }
  w.began, w.phase_meant = true, w.phase
  self:record("began")
end

function Run:limit()
  local own = math.tointeger(tonumber(self.w:get("TSRestartLimit") or ""))
  return own or (self.w.case.restartLimit or 0) > 0 and self.w.case.restartLimit or 5
end

-- The run cannot go on here.  A step that was cut fails with its own code.
function Run:strand(code)
  if self.w.at and self.w.at.started then
    self.stranded = true
  else
    self:fail_all(code)
  end
end

function Run:arrive()
  local w = self.w
  local expected, meant = w.asked ~= nil, w.asked or w.phase_meant
  w.restarts, w.phase_meant = w.restarts + 1, w.phase
  w:event("restart.arrived", w.asked or "", w.phase, tostring(expected))
  w.asked = nil
  self:clear_requests()
  w:set("_SMSTSInWinPE", tostring(w.phase == "WinPE"))
  w:event("run.resumed", w.phase)
  self.owes = "arrived"
  if w.restarts > self:limit() then
    self:saw("too many restarts")
    w.restarts = 0
    self:strand(M.code.failed)
  elseif w.phase ~= meant and not w.case.trustPhase then
    if not expected and not self:restart_refused() then -- nobody asked: send it back
      self:ask_restart(meant, "")
      self:saw("sent back to its phase")
      self:record("sent back")
      return self:go_down(meant)
    end
    self:saw("wrong phase came up")
    self:strand(M.code.wrong_phase)
  elseif not (w.at and w.at.started) then
    self:settle()
  end
end

function Run:finish()
  local w = self.w
  local root = w.frames[1]
  -- Decided: a run that fails whatever continueOnError says is not cancelled any more.
  local result = w.cancelled and not w.fatal and "cancelled" or root.pending and "failed" or "succeeded"
  w.over = { result = result, code = root.pending and root.pending.code or 0 }
  w:event("run.finished", result, w.over.code)
  self:record("over")
end

function Run:start()
  local w = self.w
  if w.over then
    return
  elseif w.began then
    self:arrive()
  else
    self:first_start()
  end
  self:list(w.tree, w.frames[1])
  self:finish()
end

-- ---- what others call

local plain = { SetVariable = true, RestartComputer = true, Fail = true, Group = true }

local function uses_do(list)
  for _, node in ipairs(list or {}) do
    if not plain[node.type] or uses_do(node.steps) or uses_do(node["finally"]) then
      return true
    end
  end
  return false
end

function M.new(case)
  local w = World.new(case)
  w.tree, w.size = number(case.sequence.steps, 0)
  -- Decided: a parameter with a _variable in one of the step types allows that name.
  w.allowed = { _osddomode = case.sequence.semantics == "configmgr" and uses_do(w.tree) or nil }
  w.saved = { events_n = 0, vars = {}, frames = {}, restarts = 0 }
  return w
end

-- One start of the machine.  How it ended: "restart", "ended", or "killed" by a cut whose place the
-- case names; then the phase asked for and the delay.
function M.start(w, boot, phase)
  w.boot, w.phase, w.ran, w.prepared = boot, phase, {}, nil
  local run = setmetatable({ w = w, configmgr = w.case.sequence.semantics == "configmgr" }, Run)
  local ok, thrown = xpcall(run.start, function(e)
    return (e == CUT or e == RESTART) and e or debug.traceback(e)
  end, run)
  if ok then
    return "ended"
  elseif thrown == RESTART then
    return "restart", run.asked, run.delay
  elseif thrown == CUT then
    return "killed"
  end
  error(thrown, 0)
end

return M
