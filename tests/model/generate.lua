-- generate.lua - random cases from a number: the same number, the same case, on every machine.
local json = require "json"

local M = {}

-- ---- random numbers (splitmix64)

local Random = {}
Random.__index = Random

local function random(seed)
  return setmetatable({ state = seed * 0x2545F4914F6CDD1D + 0x632BE59BD9B4E019 }, Random)
end

function Random:next()
  self.state = self.state + 0x9E3779B97F4A7C15
  local z = self.state
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return z ~ (z >> 31)
end

function Random:range(a, b)
  return a + (self:next() >> 1) % (b - a + 1)
end

function Random:chance(percent)
  return self:range(1, 100) <= percent
end

function Random:pick(list)
  return list[self:range(1, #list)]
end

-- ---- conditions

local variables = { "Ring", "Model", "Count", "Flag" }
local values = { "1", "2", "10", "007", "pilot", "Pilot", "", "true", "a b", "-3", "winpe" }
local codes = { 0, 0, 1, 2, 5, 1618, 1641, 3010, -2147024891, 2147942405 }
local operators = { "=", "=", "!=", "<", "<=", ">", ">=", "like", "not like" }

-- Names that typed parameters of an imported step are seen under.
local function local_default(g)
  return ("%s = '%s'"):format(g.random:pick { "OSDDoText", "OSDDoText", "_OSDDoMode" },
    g.random:pick { "typed", "%Ring%", "x", "" })
end

local function leaf(g)
  local r, way = g.random, g.random:range(1, 14)
  if g.configmgr and r:chance(15) then
    return local_default(g)
  end
  if way <= 3 then
    local op = r:pick(operators)
    local value = op:find("like") and r:pick { "*", "p*", "?", "P*t", "1?", "" } or r:pick(values)
    return ("%s %s '%s'"):format(r:pick(variables), op, value)
  elseif way == 4 then
    return ("exists %s"):format(r:pick(variables))
  elseif way == 5 then
    return ("%s %s %s"):format(r:pick(variables), r:pick { "=", "!=", "<", ">=" }, r:pick(variables))
  elseif way == 6 then
    return ("%s = '%%%s%%'"):format(r:pick(variables), r:pick(variables))
  elseif way <= 8 then
    return ("_SMSTSLastActionSucceeded = '%s'"):format(r:pick { "true", "FALSE" })
  elseif way <= 10 then
    return ("_SMSTSLastActionRetCode %s %d"):format(r:pick { "=", "!=", "<", ">" }, r:pick(codes))
  elseif way == 11 then
    return ("_SMSTSLastActionName like '%s'"):format(r:pick { "s*", "S1?", "s?", "*" })
  elseif way == 12 then
    return ("_SMSTSInWinPE = '%s'"):format(r:pick { "true", "false" })
  elseif way == 13 then
    return ("_SMSTSLastActionRetryCount %s %d"):format(r:pick { "=", "<", ">" }, r:range(0, 1))
  end
  return r:chance(g.mood.facts) and "registry('HKLM\\X')" or "not exists Nothing"
end

local function text_condition(g, depth)
  local r = g.random
  local way = depth > 2 and 1 or r:range(1, 6)
  if way == 4 then
    return ("(%s or %s)"):format(text_condition(g, depth + 1), text_condition(g, depth + 1))
  elseif way == 5 then
    return ("%s and %s"):format(text_condition(g, depth + 1), text_condition(g, depth + 1))
  elseif way == 6 then
    return ("not %s"):format(leaf(g))
  end
  return leaf(g)
end

local function condition(g)
  local r = g.random
  if r:chance(85) then
    return text_condition(g, 0)
  end
  local kind = r:pick { "all", "any", "none" }
  local parts = json.array()
  for i = 1, r:range(0, 3) do
    parts[i] = r:chance(50) and text_condition(g, 1) or
      { variable = r:pick(variables), op = r:pick { "equals", "notEquals", "greater", "lessEqual", "like" },
        value = r:pick(values) }
  end
  return { [kind] = parts }
end

-- ---- what a step does when it runs

local function settings(g)
  local r, m = g.random, g.mood
  local set = {}
  if r:chance(60) then
    set[g.configmgr and r:chance(15) and "OSDDoText" or r:pick(variables)] = r:pick(values)
  end
  if r:chance(m.reboots) then
    set.SMSTSRebootRequested = r:pick { "HD", "WinPE", "WinPE", "true", "FullOS", "hd" }
    if r:chance(m.nonsense) then
      set.SMSTSRebootRequested = r:pick { "Mars", "1", "HD " }
    end
    if r:chance(25) then
      set.SMSTSRebootDelay, set.SMSTSRebootDelayNext = r:pick { "0", "3" }, r:pick { "", "7" }
    end
  end
  if r:chance(m.retry_requests) then
    set.SMSTSRetryRequested = r:pick { "1", "true" }
    if r:chance(30) then
      set.SMSTSRebootRequested = r:pick { "HD", "WinPE" }
    end
  end
  if r:chance(g.configmgr and 12 or 2) then
    set[r:pick { "_Mine", "_SMSTSLastActionName", "_OSDDoMode", "_OSDDoMode" }] = "x"
  end
  if r:chance(m.limits) then
    set.TSRestartLimit = r:pick { "1", "2", "3" }
  end
  return set
end

local function result(g)
  local r, m = g.random, g.mood
  local way = r:range(1, 100)
  if way <= m.plain then
    return r:chance(m.success) and 0 or r:pick(codes)
  end
  local x = { set = settings(g) }
  if r:chance(100 - m.success) then
    local kind = r:range(1, 10)
    if kind == 1 then
      x.timeout = true
    elseif kind == 2 then
      x.error = "it did not work"
    else
      x.code = r:pick(codes)
    end
  end
  if r:chance(m.cancels) then
    if r:chance(60) then
      x.cancel = true
    else
      x.cancelled = true
    end
  end
  return x
end

local function results(g)
  local list = json.array()
  if g.random:chance(g.mood.for_ever) then
    list[1] = { code = g.random:pick { 0, 0, 1 }, set = { SMSTSRetryRequested = "1" } }
    return list
  end
  for i = 1, g.random:range(1, 3) do
    list[i] = result(g)
  end
  if type(list[#list]) == "table" and list[#list].set and list[#list].set.SMSTSRetryRequested and
    not g.random:chance(40) then
    list[#list + 1] = 0 -- else it asks for ever
  end
  return list
end

-- ---- steps and groups

local function code_list(g)
  local list = json.array()
  for i = 1, g.random:range(1, 3) do
    list[i] = g.random:pick(codes)
  end
  return list
end

local types = { "Do", "Do", "Do", "Do", "Rerun", "Rerun", "Skip", "SetVariable", "SetVariable",
  "RunCommandLine", "InstallPackage", "RestartComputer", "Fail", "OnlyInWinPE" }

local build = {}

function build.SetVariable(g, s)
  s.variable = g.random:pick(variables)
  s.value = g.random:pick { "1", "2", "x", "", "%Ring%", "%Count%0", "%_SMSTSLastActionName%",
    "%_SMSTSLastActionRetCode%", "100% of %Model%", "%Nobody%Ring%", "%_SMSTSInstructionStackString%" }
  if g.random:chance(2) then
    s.variable = "_Mine"
  end
end

function build.RestartComputer(g, s)
  s.target = g.random:pick { "FullOS", "WinPE", "HD", "FullOS", "WinPE", "%Ring%" }
  if g.random:chance(20) then
    s.delay = "2"
  end
end

function build.Fail()
end

local function build_other(g, s)
  local r = g.random
  if r:chance(75) then
    g.case.results[s.name] = results(g)
  elseif r:chance(30) then
    s.code = r:pick(codes)
  end
  if r:chance(15) then
    s.successCodes = code_list(g)
  end
  if r:chance(g.mood.restart_codes) then
    s.restartCodes = code_list(g)
  end
  if g.configmgr and r:chance(45) then
    s[r:pick { "text", "mode" }] = r:pick { "typed", "%Ring%", "" }
    if r:chance(40) then
      s.condition = local_default(g)
    end
  end
end

local function options(g, s)
  local r, m = g.random, g.mood
  if r:chance(6) then
    s.disabled = true
  end
  if r:chance(m.conditions) then
    s.condition = condition(g)
  end
  if r:chance(m.ignore) then
    s.continueOnError = true
  end
end

-- A step that fails at first and has then made its own condition false: it is tried again, and goes on
-- after a cut, without being asked.
local function stubborn(g, s)
  local name = g.random:pick(variables)
  s.type, s.condition = g.random:pick { "Rerun", "Do" }, ("not %s = 'done'"):format(name)
  s.retry = { attempts = g.random:range(2, 4) }
  g.case.results[s.name] = json.array { { code = 1, set = { [name] = "done" } }, g.random:pick { 0, 1 }, 0 }
  g.stubborn = true
  return s
end

local function step(g)
  local r, m = g.random, g.mood
  local type_ = r:pick(types)
  if type_ == "RestartComputer" and not r:chance(m.restart_steps) or
    type_ == "OnlyInWinPE" and not r:chance(m.phases) then
    type_ = "Do"
  end
  g.count = g.count + 1
  local s = { type = type_, name = "s" .. g.count }
  if r:chance(5) then
    return stubborn(g, s)
  end
  options(g, s);
  (build[type_] or build_other)(g, s)
  if r:chance(m.retries) then
    s.retry = { attempts = r:range(1, 4) }
    if r:chance(40) then
      s.retry.on = code_list(g)
    end
  end
  if r:chance(20) then
    s.onInterrupt = r:pick { "rerun", "skip", "fail" }
  end
  if r:chance(m.phases) then
    s.phase = r:pick { "WinPE", "FullOS", "any" }
  end
  return s
end

local list

local function group(g, depth)
  local r = g.random
  g.groups = g.groups + 1
  local node = { type = "Group", name = "g" .. g.groups }
  options(g, node)
  node.steps = list(g, depth + 1, r:range(0, 4))
  if r:chance(g.mood.finally) then
    node["finally"] = list(g, depth + 1, r:range(1, 3))
  end
  return node
end

function list(g, depth, n)
  local out = json.array()
  for _ = 1, n do
    if g.count < g.most then
      out[#out + 1] = depth < 5 and g.random:chance(depth == 0 and 45 or 30) and group(g, depth) or step(g)
    end
  end
  return out
end

-- ---- the case

-- What kind of case: percentages of what is in it.
local function mood(r)
  local function often(percent, yes, no)
    return r:chance(percent) and yes or no or 0
  end
  return {
    success = r:pick { 65, 80, 95 }, plain = r:pick { 20, 50, 80 }, conditions = r:pick { 5, 25, 50 },
    ignore = r:pick { 15, 40, 70 }, finally = r:pick { 20, 50, 80 }, retries = often(50, 35),
    reboots = often(60, 25), nonsense = often(25, 40), retry_requests = often(45, 20),
    cancels = often(35, 45), restart_codes = often(30, 25), restart_steps = r:pick { 10, 60, 100 },
    for_ever = often(8, 10), phases = often(35, 25), limits = often(20, 30), facts = often(30, 60),
  }
end

local function kills(g)
  local r, out = g.random, json.array()
  local many = r:pick { 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 5 }
  local first, close = r:range(1, math.max(1, g.count)), r:chance(25) -- one right after the other?
  for i = 1, many do
    local kind = r:pick { "mid", "late", "recorded", "point", g.stubborn and "recorded" or "point" }
    out[i] = { kind = kind, n = kind == "point" and r:range(1, 30 + 12 * g.count) or
      close and first + i - 1 or r:range(1, math.max(1, g.count)) }
  end
  return out
end

local function machine(g)
  local r, c = g.random, g.case
  c.phase = r:chance(25) and "WinPE" or "FullOS"
  if r:chance(15) then
    c.arrive = json.array()
    for i = 1, r:range(1, 4) do
      c.arrive[i] = r:chance(50) and json.null or r:pick { "WinPE", "FullOS" }
    end
  end
  if r:chance(25) then
    c.restartLimit = r:pick { 1, 1, 2, 3 }
  end
  if r:chance(6) then
    c.trustPhase = true
  end
  if r:chance(9) then
    c.refuseFrom = r:range(1, 3)
  end
  if r:chance(9) then
    c.failFrom = r:range(1, 3)
  end
end

function M.case(seed)
  local r = random(seed)
  local g = { random = r, mood = mood(r), count = 0, groups = 0, most = r:pick { 3, 8, 12, 20 },
    configmgr = r:chance(20) }
  g.case = { seed = seed, results = {}, variables = {} }
  local sequence = { taskseq = 1, name = "Random " .. seed, variables = {} }
  if g.configmgr then
    sequence.semantics = "configmgr"
  end
  for _, name in ipairs(variables) do
    if r:chance(25) then
      sequence.variables[name] = r:pick(values)
    end
    if r:chance(25) then
      g.case.variables[name] = r:pick(values)
    end
  end
  if r:chance(8) then
    g.case.variables[r:pick { "SMSTSRebootRequested", "SMSTSRetryRequested", "SMSTSRebootDelay",
      "SMSTSRebootMessage" }] = r:pick { "HD", "WinPE", "5" }
  end
  sequence.steps = list(g, 0, r:range(1, 6))
  g.case.sequence = sequence
  g.case.kills = kills(g)
  machine(g)
  return g.case
end

return M
