-- condition.lua - the language of conditions, from docs/conditions.md: text or data, asked of a
-- function that knows variables.
local M = {}

-- ---- reading the text into the data form

local names = { ["="] = "equals", ["=="] = "equals", ["!="] = "notEquals", ["<>"] = "notEquals",
  ["<"] = "less", ["<="] = "lessEqual", [">"] = "greater", [">="] = "greaterEqual",
  like = "like", ["not like"] = "notLike" }

local function tokens(text)
  local list, i = {}, 1
  while true do
    i = text:find("%S", i)
    if not i then
      return list
    end
    local quoted, stop = text:match("^'([^']*)'()", i)
    if quoted then
      while text:sub(stop, stop) == "'" do -- a quote inside is written twice
        local more, after = text:match("^([^']*)'()", stop + 1)
        quoted, stop = quoted .. "'" .. more, after
      end
      list[#list + 1] = { text = quoted }
    else
      local word
      word, stop = text:match("^([%a_][%w_-]*)()", i)
      if not word then
        word, stop = text:match("^([+-]?%d[%d.]*)()", i)
        word, stop = word or text:match("^[<>=!][=>]?", i) or text:sub(i, i), stop
        stop = stop or i + #word
      end
      list[#list + 1] = { word = word, number = tonumber(word) ~= nil }
    end
    i = stop
  end
end

local Reader = {}
Reader.__index = Reader

function Reader:take(word)
  local t = self.list[self.at]
  if t and t.word and t.word:lower() == word then
    self.at = self.at + 1
    return true
  end
end

function Reader:next()
  self.at = self.at + 1
  return self.list[self.at - 1]
end

function Reader:expr()
  local list = { self:all() }
  while self:take("or") do
    list[#list + 1] = self:all()
  end
  return #list > 1 and { any = list } or list[1]
end

function Reader:all()
  local list = { self:unary() }
  while self:take("and") do
    list[#list + 1] = self:unary()
  end
  return #list > 1 and { all = list } or list[1]
end

function Reader:unary()
  if self:take("not") then
    return { none = { self:unary() } }
  elseif self:take("(") then
    if self:take(")") then
      return { all = {} }
    end
    local x = self:expr()
    assert(self:take(")"), "a condition without )")
    return x
  elseif self:take("exists") then
    return { variable = self:next().word, op = "exists" }
  elseif self:take("registry") then -- a fact that no machine of these tests can be asked
    self.at = self.at + 3
    return { registry = "" }
  end
  return self:comparison()
end

function Reader:comparison()
  local name = self:next().word
  local op = self:take("not") and "not " .. self:next().word:lower() or self:next().word:lower()
  local value = self:next()
  local x = { variable = name, op = assert(names[op], op) }
  if value.word and not value.number then
    x.valueOf = value.word
  else
    x.value = value.text or value.word
  end
  return x
end

function M.read(text)
  local r = setmetatable({ list = tokens(text), at = 1 }, Reader)
  local x = r:expr()
  assert(r.at > #r.list, "a condition that goes on: " .. text)
  return x
end

-- ---- asking

local function integer(s)
  local digits = s:match("^%s*([+-]?%d+)%s*$")
  return digits and math.tointeger(tonumber((digits:gsub("^%+", ""))))
end

local function like(text, pattern)
  local p = pattern:lower():gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
  return text:lower():find("^" .. p .. "$") ~= nil
end

local orders = {
  equals = function(a, b) return a == b end,
  notEquals = function(a, b) return a ~= b end,
  less = function(a, b) return a < b end,
  lessEqual = function(a, b) return a <= b end,
  greater = function(a, b) return a > b end,
  greaterEqual = function(a, b) return a >= b end,
}

local codes = { _smstslastactionretcode = true, _smstsosupgradeactionreturncode = true }

local function is_code(x)
  return codes[x.variable:lower()] or x.valueOf and codes[x.valueOf:lower()]
end

-- 3.2 of the reference: what is missing equals only the empty text and has no order.
local function compare(x, a, b)
  local equality = x.op == "equals" or x.op == "notEquals"
  if x.op == "like" or x.op == "notLike" then
    return like(a or "", b or "") == (x.op == "like")
  elseif not (a and b) and not equality then
    -- The text '' on the right is what a missing variable is.
    return false
  end
  a, b = a or "", b or ""
  local m, n = integer(a), integer(b)
  if m and n then
    if is_code(x) and m & 0xffffffff == n & 0xffffffff then
      m = n -- one code has two spellings: they are equal, and neither is less
    end
    return orders[x.op](m, n)
  end
  return orders[x.op](a:lower(), b:lower())
end

-- `env.get` gives a variable's value or nil, `env.expand` replaces %Name%, `env.lenient`: a fact
-- that cannot be asked is false.  True, false, or nil: it cannot be asked.  `all` and `any` stop
-- as soon as the answer is known.
function M.ask(x, env)
  if type(x) == "string" then
    x = M.read(x)
  end
  if x.all or x.any or x.none then
    local stop = x.all == nil
    for _, part in ipairs(x.all or x.any or x.none) do
      local answer = M.ask(part, env)
      if answer == nil or answer == stop then
        return answer and x.none == nil
      end
    end
    return x.any == nil or #x.any == 0
  elseif x.registry then
    if env.lenient then
      return false
    end
    return nil
  elseif x.op == "exists" or x.op == "notExists" then
    return (env.get(x.variable) ~= nil) == (x.op == "exists")
  end
  local right
  if x.valueOf then
    right = env.get(x.valueOf)
  else
    right = env.expand(x.value)
  end
  return compare(x, env.get(x.variable), right)
end

return M
