--- Runs tests/stdlib/*_test.lua against the step library, each step with a fake host.
-- Used as: lua5.4 run.lua SOURCE_DIR [NAME...]   (TAP on standard output)
local root = assert(arg[1], "usage: lua5.4 run.lua SOURCE_DIR [NAME...]")

local function read(path)
  local f, err = io.open(path, "rb")
  if not f then return nil, err end
  local text = f:read("a")
  f:close()
  return text
end

--- What the runtime gives to steps, and no more.
local function sandbox()
  local env = {}
  for _, name in ipairs { "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget",
    "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall", "math", "table", "utf8",
    "coroutine" } do
    env[name] = _G[name]
  end
  env.string = setmetatable({}, { __index = function(_, k) return k ~= "dump" and string[k] or nil end })
  return setmetatable(env, {
    __index = function(_, k) error("global '" .. tostring(k) .. "' is not offered to steps", 2) end,
    __newindex = function(_, k) error("assignment to the global '" .. tostring(k) .. "'", 2) end,
  })
end

local env, loaded = sandbox(), {}

--- A module of the library: "steps/Fail", "ts/text".
local function load_module(name)
  if loaded[name] == nil then
    local path = ("%s/stdlib/%s.lua"):format(root, name)
    local chunk = assert(load(assert(read(path)), "@stdlib/" .. name .. ".lua", "t", env))
    loaded[name] = chunk()
  end
  return loaded[name]
end
rawset(env, "require", function(name)
  assert(name:match("^ts%.%w+$"), "the library requires modules of ts alone, not " .. name)
  return load_module((name:gsub("%.", "/")))
end)

local t = {}
t.module = load_module
t.new_host = assert(loadfile(root .. "/tests/stdlib/fake_host.lua"))()

--- Run a step: properties are filled in with the declared defaults.
function t.run(step, props, host)
  local def = load_module("steps/" .. step)
  local p, known = {}, {}
  for _, param in ipairs(def.params or {}) do
    known[param.name] = true
    p[param.name] = param.default
  end
  for k, v in pairs(props or {}) do
    assert(known[k], step .. " declares no property " .. k)
    p[k] = v
  end
  return def.run(p, host)
end

function t.eq(got, want, what)
  if got ~= want then
    error(("%s: expected %s, got %s"):format(what or "value", tostring(want), tostring(got)), 2)
  end
end

--- The message holds each of the texts.
function t.has(text, ...)
  for _, part in ipairs { ... } do
    if type(text) ~= "string" or not text:find(part, 1, true) then
      error(("expected to find %q in %q"):format(part, tostring(text)), 2)
    end
  end
end

--- A failure (nil, message) whose message holds the texts.
function t.fails(result, message, ...)
  if result ~= nil then error("expected a failure, got " .. tostring(result), 2) end
  t.has(message, ...)
end

local names = table.move(arg, 2, #arg, 1, {})
if #names == 0 then names = { "ts", "command", "files", "state", "more", "gather" } end

local count, failed = 0, 0
for _, name in ipairs(names) do
  local tests = assert(loadfile(("%s/tests/stdlib/%s_test.lua"):format(root, name)))(t)
  local order = {}
  for case in pairs(tests) do order[#order + 1] = case end
  table.sort(order)
  for _, case in ipairs(order) do
    count = count + 1
    local ok, err = xpcall(tests[case], debug.traceback)
    print(("%s %d - %s: %s"):format(ok and "ok" or "not ok", count, name, case))
    if not ok then
      failed = failed + 1
      print("# " .. tostring(err):gsub("\n", "\n# "))
    end
  end
end
print("1.." .. count)
os.exit(failed == 0 and count > 0)
