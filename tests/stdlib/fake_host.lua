--- A host that does nothing by itself.  What a step may call is prepared by the test; a
-- call nobody prepared, or a field nobody set, raises and names itself.
--
--   local host = t.new_host { phase = "WinPE" }
--   host:on("fs.copy", { files = 1, bytes = 2 })         -- a result
--   host:on("store.info", nil, "no store", "not found")  -- a failure
--   host:on("run", function(o) return 5, "out" end)      -- an answer
--   host.calls                                           -- what was called, in order
local groups = { vars = true, fs = true, image = true, store = true }

local function full_name(group, name)
  return group and group .. "." .. name or name
end

local function lookup(self, group, name)
  local full = full_name(group, name)
  local answers = rawget(self, "answers")
  if answers[full] then
    return function(...)
      table.insert(self.calls, { name = full, ... })
      return answers[full](...)
    end
  end
  error("host." .. full .. " was not prepared", 3)
end

local function group_of(self, group)
  return setmetatable({}, { __index = function(_, name) return lookup(self, group, name) end })
end

local methods = {}

function methods.on(self, name, ...)
  local given = table.pack(...)
  self.answers[name] = type(given[1]) == "function" and given[1]
    or function() return table.unpack(given, 1, given.n) end
  return self
end

--- The calls of one function, in order.
function methods.called(self, name)
  local found = {}
  for _, call in ipairs(self.calls) do
    if call.name == name then found[#found + 1] = call end
  end
  return found
end

--- Variables live in host.values, names in small letters; _names cannot be set.
local function add_variables(host)
  local values = host.values
  host:on("vars.get", function(name) return values[name:lower()] end)
  host:on("vars.exists", function(name) return values[name:lower()] ~= nil end)
  host:on("vars.set", function(name, value)
    if name:sub(1, 1) == "_" then
      return nil, ("the variable %s is set by the runtime alone"):format(name), "not allowed"
    end
    values[name:lower()] = value ~= "" and value or nil
    return true
  end)
  host:on("vars.delete", function(name)
    values[name:lower()] = nil
    return true
  end)
  host:on("vars.fact", function(name, value)
    assert(name:match("^_TS_CR%u+$") or name == "_SMSTSUserStatePath", name)
    values[name:lower()] = value ~= "" and value or nil
    return true
  end)
end

local function add_log(host)
  for _, level in ipairs { "log", "warn", "verbose" } do
    host:on(level, function(text)
      assert(type(text) == "string" and not text:find("\n"), "one line is logged")
      host.lines[#host.lines + 1] = level .. ": " .. text
    end)
  end
end

local function join(first, ...)
  local sep = (first:match("^%a:") or first:find("\\", 1, true)) and "\\" or "/"
  for _, part in ipairs { ... } do
    first = first:gsub("[\\/]$", "") .. sep .. part:gsub("^[\\/]+", "")
  end
  return first
end

---@param options table? fields of the host, and `values`: variables
return function(options)
  local self = { answers = {}, calls = {}, lines = {}, values = {}, attempt = 1, interrupted = false,
    machine = "machine-1" }
  for k, v in pairs(options or {}) do
    if k == "values" then
      for name, value in pairs(v) do self.values[name:lower()] = value end
    else
      self[k] = v
    end
  end
  setmetatable(self, { __index = function(host, key)
    if methods[key] then return methods[key] end
    if groups[key] then return group_of(host, key) end
    return lookup(host, nil, key)
  end })
  add_variables(self)
  add_log(self)
  self:on("fs.join", join)
  return self
end
