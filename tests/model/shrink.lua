-- shrink.lua - a case on which engine and model disagree, made as small as it gets.
local json = require "json"

local M = {}

local function copy(v)
  return json.read(json.write(v))
end

-- Every list of nodes in a sequence, as paths of keys and numbers.
local function walk(list, path, fn)
  for i, node in ipairs(list) do
    local here = table.move(path, 1, #path, 1, {})
    here[#here + 1] = i
    fn(here, node)
    for _, key in ipairs { "steps", "finally" } do
      if node[key] then
        local inner = table.move(here, 1, #here, 1, {})
        inner[#inner + 1] = key
        walk(node[key], inner, fn)
      end
    end
  end
end

local function at(case, path, n)
  local v = case.sequence.steps
  for i = 1, n do
    v = v[path[i]]
  end
  return v
end

-- Add a variant of `case` that `change` makes.
local function variant(out, case, change)
  local c = copy(case)
  if change(c) ~= false then
    out[#out + 1] = c
  end
end

local function without_node(out, case, path)
  variant(out, case, function(c)
    table.remove(at(c, path, #path - 1), path[#path])
  end)
end

-- Its children in place of a group.
local function opened(out, case, path)
  variant(out, case, function(c)
    local list, i = at(c, path, #path - 1), path[#path]
    local group = table.remove(list, i)
    for k, child in ipairs(group.steps or {}) do
      table.insert(list, i + k - 1, child)
    end
  end)
end

local needed = { type = true, name = true, variable = true, steps = true }

local function plainer_nodes(out, case)
  walk(case.sequence.steps, {}, function(path, node)
    without_node(out, case, path)
    if node.type == "Group" then
      opened(out, case, path)
    end
    for key in pairs(node) do
      if not needed[key] then
        variant(out, case, function(c) at(c, path, #path)[key] = nil end)
      end
    end
    if type(node.condition) == "string" then
      for part in node.condition:gmatch("[^()]+") do
        for piece in (part:gsub(" and ", "\0"):gsub(" or ", "\0")):gmatch("[^%z]+") do
          if piece ~= node.condition and piece:find("%w") then
            variant(out, case, function(c) at(c, path, #path).condition = piece end)
          end
        end
      end
    end
  end)
end

local function plainer_results(out, case)
  for name, list in pairs(case.results or {}) do
    variant(out, case, function(c) c.results[name] = nil end)
    for i, r in ipairs(list) do
      if #list > 1 then
        variant(out, case, function(c) table.remove(c.results[name], i) end)
      end
      if type(r) == "table" then
        variant(out, case, function(c) c.results[name][i] = r.code or 0 end)
        for key in pairs(r) do
          variant(out, case, function(c) c.results[name][i][key] = nil end)
        end
        for key in pairs(r.set or {}) do
          variant(out, case, function(c) c.results[name][i].set[key] = nil end)
        end
      end
    end
  end
end

local function plainer_machine(out, case)
  for _, key in ipairs { "arrive", "restartLimit", "trustPhase", "refuseFrom", "failFrom", "phase", "kills" } do
    if case[key] ~= nil then
      variant(out, case, function(c) c[key] = nil end)
    end
  end
  for i, k in ipairs(case.kills or {}) do
    variant(out, case, function(c) table.remove(c.kills, i) end)
    for n = 1, k.kind == "point" and 3 or k.n - 1 do
      for _, kind in ipairs(k.kind == "point" and { "mid", "late", "recorded" } or { k.kind }) do
        variant(out, case, function(c) c.kills[i] = { kind = kind, n = n } end)
      end
    end
  end
  for name in pairs(case.variables or {}) do
    variant(out, case, function(c) c.variables[name] = nil end)
  end
  for name in pairs(case.sequence.variables or {}) do
    variant(out, case, function(c) c.sequence.variables[name] = nil end)
  end
  if case.sequence.semantics then
    variant(out, case, function(c) c.sequence.semantics = nil end)
  end
end

-- Every case that is one thing plainer, the ones that take away most first.
function M.plainer(case)
  local out = {}
  plainer_machine(out, case)
  plainer_nodes(out, case)
  plainer_results(out, case)
  local size = {}
  for _, c in ipairs(out) do
    size[c] = #json.write(c)
  end
  table.sort(out, function(a, b) return size[a] < size[b] end)
  return out
end

-- `first_wrong` plays a list of cases and returns the first on which they disagree, and how.
function M.shrink(case, found, first_wrong)
  for _ = 1, 200 do
    local smaller, how = first_wrong(M.plainer(case))
    if not smaller then
      break
    end
    case, found = smaller, how
  end
  return case, found
end

return M
