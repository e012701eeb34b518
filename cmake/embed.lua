-- Write a C file that holds the Lua modules listed in <stdlib>/manifest.lua.
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
    line[#line + 1] = tostring(text:byte(i))
    if #line == 32 then
      parts[#parts + 1] = table.concat(line, ",")
      line = {}
    end
  end
  line[#line + 1] = "0"
  parts[#parts + 1] = table.concat(line, ",")
  return table.concat(parts, ",\n")
end

local modules = dofile(dir .. "/manifest.lua")
local f = assert(io.open(out, "wb"))
f:write('#include "script/embedded.h"\n\n')
for i, name in ipairs(modules) do
  f:write(("static const char m%d[] = {%s};\n"):format(i, c_bytes(read(dir .. "/" .. name .. ".lua"))))
end
f:write("\nconst struct ts_embedded_module ts_embedded_modules[] = {\n")
for i, name in ipairs(modules) do
  f:write(('    {"%s", m%d, sizeof m%d - 1},\n'):format(name, i, i))
end
f:write("    {0, 0, 0},\n};\n")
assert(f:close())
