-- json.lua - JSON texts to tables and back, no more than these tests need.  Objects are written
-- with their keys sorted, so that one value always gives one text.
local M = {}

M.null = setmetatable({}, { __tostring = function() return "null" end })
local Array = {}

function M.array(t)
  return setmetatable(t or {}, Array)
end

function M.is_array(t)
  return getmetatable(t) == Array or #t > 0
end

-- ---- writing

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }

local function quoted(s)
  return '"' .. s:gsub('[%c"\\]', function(c)
    return escapes[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local write

local function write_list(t, out)
  out[#out + 1] = "["
  for i, v in ipairs(t) do
    out[#out + 1] = i > 1 and "," or ""
    write(v, out)
  end
  out[#out + 1] = "]"
end

local function write_object(t, out)
  local keys = {}
  for k in pairs(t) do
    keys[#keys + 1] = k
  end
  table.sort(keys)
  out[#out + 1] = "{"
  for i, k in ipairs(keys) do
    out[#out + 1] = (i > 1 and "," or "") .. quoted(k) .. ":"
    write(t[k], out)
  end
  out[#out + 1] = "}"
end

function write(v, out)
  if type(v) == "string" then
    out[#out + 1] = quoted(v)
  elseif type(v) ~= "table" or v == M.null then
    out[#out + 1] = tostring(v)
  elseif M.is_array(v) then
    write_list(v, out)
  else
    write_object(v, out)
  end
end

function M.write(v)
  local out = {}
  write(v, out)
  return table.concat(out)
end

-- ---- reading

local read

local function blank(s, i)
  return s:find("[^ \t\r\n]", i) or #s + 1
end

local function fail(s, i, what)
  error(("JSON: %s at byte %d: %s"):format(what, i, s:sub(i, i + 30)), 0)
end

local unescaped = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function read_string(s, i)
  local out, from = {}, i + 1
  while true do
    local at = s:find('["\\]', from) or fail(s, i, "a string without an end")
    out[#out + 1] = s:sub(from, at - 1)
    if s:byte(at) == 34 then
      return table.concat(out), at + 1
    end
    local c = s:sub(at + 1, at + 1)
    if c == "u" then
      out[#out + 1] = utf8.char(tonumber(s:sub(at + 2, at + 5), 16))
      from = at + 6
    else
      out[#out + 1] = unescaped[c] or c
      from = at + 2
    end
  end
end

local function read_list(s, i)
  local t = M.array()
  i = blank(s, i + 1)
  if s:sub(i, i) == "]" then
    return t, i + 1
  end
  while true do
    t[#t + 1], i = read(s, i)
    i = blank(s, i)
    local c = s:sub(i, i)
    if c == "]" then
      return t, i + 1
    elseif c ~= "," then
      fail(s, i, "no , or ]")
    end
    i = i + 1
  end
end

local function read_object(s, i)
  local t = {}
  i = blank(s, i + 1)
  if s:sub(i, i) == "}" then
    return t, i + 1
  end
  while true do
    local key
    key, i = read_string(s, blank(s, i))
    i = blank(s, i)
    if s:sub(i, i) ~= ":" then
      fail(s, i, "no :")
    end
    t[key], i = read(s, i + 1)
    i = blank(s, i)
    local c = s:sub(i, i)
    if c == "}" then
      return t, i + 1
    elseif c ~= "," then
      fail(s, i, "no , or }")
    end
    i = i + 1
  end
end

local words = { { "true", true }, { "false", false }, { "null", M.null } }

function read(s, i)
  i = blank(s, i)
  local c = s:sub(i, i)
  if c == '"' then
    return read_string(s, i)
  elseif c == "[" then
    return read_list(s, i)
  elseif c == "{" then
    return read_object(s, i)
  end
  for _, w in ipairs(words) do
    if s:sub(i, i + #w[1] - 1) == w[1] then
      return w[2], i + #w[1]
    end
  end
  local number = s:match("^-?[%d.eE+-]+", i) or fail(s, i, "not a value")
  return math.tointeger(tonumber(number)) or tonumber(number), i + #number
end

function M.read(s)
  local v, i = read(s, 1)
  if blank(s, i) <= #s then
    fail(s, i, "more text")
  end
  return v
end

return M
