-- world.lua - what a run has: variables, the place where it is, what was recorded, and the last
-- record that power cannot take away.
local World = {}
World.__index = World

-- What a cut takes back; everything else in a world is the machine's.
local durable = { "vars", "rows", "frames", "at", "events", "restarts", "asked", "cancelled", "at_once",
  "fatal", "began", "over", "phase_meant" }

local function copy(v, seen)
  if type(v) ~= "table" or v.type or v.constant then -- nodes and lists of the tree never change
    return v
  end
  seen = seen or {}
  if not seen[v] then
    local t = {}
    seen[v] = t
    for k, x in pairs(v) do
      t[k] = copy(x, seen)
    end
  end
  return seen[v]
end

function World.new(case)
  return setmetatable({ case = case, vars = {}, rows = {}, frames = {}, events = { n = 0 }, restarts = 0,
    calls = {}, worked = 0, ran = {}, seen = {} }, World)
end

-- ---- variables: without regard to case, text, empty means deleted

function World:get(name)
  return self.vars[name:lower()]
end

function World:set(name, value)
  self.vars[name:lower()] = value ~= "" and value or nil
end

-- At a % take the text up to the next one; a name that exists is replaced, else the first % stays
-- and the second can begin a name (3.3).
function World:expand(text)
  local out, at = {}, 1
  while true do
    local first = text:find("%", at, true)
    local last = first and text:find("%", first + 1, true)
    if not last then
      out[#out + 1] = text:sub(at)
      return table.concat(out)
    end
    local value = self:get(text:sub(first + 1, last - 1)) or self.locals and
      self.locals[text:sub(first + 1, last - 1):lower()]
    out[#out + 1] = text:sub(at, first - 1) .. (value or "%")
    at = value and last + 1 or first + 1
  end
end

-- ---- records

function World:event(...)
  self.events.n = self.events.n + 1
  self.events[self.events.n] = table.concat({ ... }, " ")
end

-- Everything so far is durable.  A world that may be cut anywhere remembers every such moment.
function World:commit(what)
  local saved = { what = what, boot = self.boot, ran = #self.ran, prepared = self.prepared }
  for _, key in ipairs(durable) do
    if key == "events" then
      saved.events_n = self.events.n -- events are only ever added
    else
      saved[key] = copy(self[key])
    end
  end
  self.saved = saved
  if self.moments then
    self.moments[#self.moments + 1] = saved
  end
end

-- Power is lost: back to what was durable at that moment.
function World:cut(saved)
  for _, key in ipairs(durable) do
    if key ~= "events" then
      self[key] = copy(saved[key])
    end
  end
  for i = saved.events_n + 1, self.events.n do
    self.events[i] = nil
  end
  self.events.n = saved.events_n
  self.saved = saved
  self.locals = nil -- they were the process's
end

-- A second world that goes its own way.
function World:fork()
  local other = setmetatable({}, World)
  for k, v in pairs(self) do
    other[k] = (k == "case" or k == "tree" or k == "saved" or k == "moments") and v or copy(v)
  end
  return other
end

return World
