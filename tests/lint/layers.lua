#!/usr/bin/env lua5.4
-- Each folder of runtime/ includes only what runtime/layers.txt allows it.
local root = arg[0]:gsub("tests/lint/layers%.lua$", "")
if root == "" then root = "./" end

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local list = {}
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local allowed = {}
for line in io.lines(root .. "runtime/layers.txt") do
  local folder, rest = line:match("^(%w+):%s*(.*)$")
  if folder then
    allowed[folder] = { base = true, [folder] = true }
    for word in rest:gmatch("%S+") do allowed[folder][word] = true end
  end
end
-- Libraries belong to one place each.
local library = {
  ["lua.h"] = { script = true, parse = true }, ["lauxlib.h"] = { script = true, parse = true },
  ["lualib.h"] = { script = true, parse = true }, ["cJSON.h"] = { base = true },
  ["sqlite3.h"] = { state = true, migrate = true }, ["archive.h"] = { steps = true },
  ["expat.h"] = { parse = true },
}

local bad, includes = 0, 0
for _, path in ipairs(lines_of("find '" .. root .. "runtime' -name '*.[ch]' | sort")) do
  local folder = path:match("runtime/(%w+)/")
  local rules = folder and allowed[folder]
  if folder and not rules and folder ~= "include" then
    print(path .. ": folder " .. folder .. " is not in layers.txt")
    bad = bad + 1
  end
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local quoted = line:match('^%s*#%s*include%s+"([^"]+)"')
    local angled = line:match("^%s*#%s*include%s+<([^>]+)>")
    local target = quoted and quoted:match("^(%w+)/")
    if target and rules and not rules["*"] then
      includes = includes + 1
      if not rules[target] then
        print(("%s:%d: %s may not include %s"):format(path, number, folder, quoted))
        bad = bad + 1
      end
    end
    local owners = library[(angled or quoted or ""):match("[^/]+$") or ""]
    if owners and folder and not owners[folder] then
      print(("%s:%d: %s may not include %s"):format(path, number, folder, angled or quoted))
      bad = bad + 1
    end
    if folder ~= "platform" and line:match("^%s*#%s*if.*_WIN32") then
      print(("%s:%d: the platform is decided in platform/ only"):format(path, number))
      bad = bad + 1
    end
  end
end
print(includes .. " includes checked, " .. bad .. " wrong")
os.exit(bad == 0 and includes > 100)
