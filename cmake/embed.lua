-- Write a C file that holds the Lua modules listed in <stdlib>/manifest.lua: their source,
-- and what the step files among them declare, so that a start of the program need not
-- compile them.
-- Used as: lua embed.lua STDLIB_DIR OUT_FILE
local dir, out = assert(arg[1]), assert(arg[2])

local function read(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read("a")
  f:close()
  return text
end

local function c_bytes(text)
  local parts, line = {}, {}
  for i = 1, #text do
    line[#line + 1] = tostring(("b"):unpack(text, i))
    if #line == 32 then
      parts[#parts + 1] = table.concat(line, ",")
      line = {}
    end
  end
  line[#line + 1] = "0"
  parts[#parts + 1] = table.concat(line, ",")
  return table.concat(parts, ",\n")
end

--- A C literal, or NULL for nil.
local function c_text(text)
  if text == nil then return "0" end
  return '"' .. tostring(text):gsub('[^%w %.,;:%-_/()=*]', function(c) return ("\\%03o"):format(c:byte()) end) .. '"'
end

local function c_bool(value)
  return value and "true" or "false"
end

package.path = dir .. "/?.lua" -- what a step file requires: "ts.text"

local phases = { any = "TS_PHASE_ANY", winpe = "TS_PHASE_WINPE", fullos = "TS_PHASE_FULLOS" }

--- Declarations of one step file; `n` makes their names unique.  The rules are those of
--- runtime/script/declare.c, which a test compares this with.
local function declare(f, n, name, step)
  local function codes(list, suffix)
    if not list then return "{0, 0, false}" end
    f:write(("static const int64_t s%d_%s[] = {%s};\n"):format(n, suffix, table.concat(list, ", ")))
    return ("{s%d_%s, %d, true}"):format(n, suffix, #list)
  end
  local params = step.params or {}
  for i, p in ipairs(params) do
    if p.choices then
      local texts = {}
      for k, choice in ipairs(p.choices) do texts[k] = c_text(choice) end
      f:write(("static const char *const s%d_c%d[] = {%s, 0};\n"):format(n, i, table.concat(texts, ", ")))
    end
  end
  f:write(("static const struct ts_param s%d_p[] = {\n"):format(n))
  for i, p in ipairs(params) do
    f:write(("    {%s, TS_P_%s, %s, %s, %s, %s, %s, %s, %s},\n"):format(c_text(assert(p.name, name)),
      p.type:upper(), c_bool(p.required), c_bool(p.expand ~= false), c_bool(p.secret), c_text(p.default),
      c_text(p.variable), p.choices and ("s%d_c%d"):format(n, i) or "0", c_text(p.doc)))
  end
  f:write("    {0, TS_P_STRING, false, false, false, 0, 0, 0, 0},\n};\n")
  local success, restart = codes(step.successCodes, "ok"), codes(step.restartCodes, "restart")
  f:write(("static const struct ts_step_type s%d = {\n    %s, %s, %s, s%d_p, %d, TS_INTERRUPT_%s, %s, %s, %s, %s, "
    .. '"", 0, 0};\n'):format(n, c_text(name), c_text(step.summary), c_text(step.doc), n, #params,
    step.onInterrupt:upper(), c_bool(step.runsCommand), success, restart, phases[(step.phase or "any"):lower()]))
end

local modules = dofile(dir .. "/manifest.lua")
local f = assert(io.open(out, "wb"))
f:write('#include "script/embedded.h"\n#include "steps/step.h"\n\n')
for i, name in ipairs(modules) do
  local path = dir .. "/" .. name .. ".lua"
  f:write(("static const char m%d[] = {%s};\n"):format(i, c_bytes(read(path))))
  local step = name:match("^steps/(.+)$")
  if step then declare(f, i, step, dofile(path)) end
end
f:write("\nconst struct ts_embedded_module ts_embedded_modules[] = {\n")
for i, name in ipairs(modules) do
  f:write(('    {"%s", m%d, sizeof m%d - 1, %s},\n'):format(name, i, i, name:find("^steps/") and "&s" .. i or "0"))
end
f:write("    {0, 0, 0, 0},\n};\n")
assert(f:close())
