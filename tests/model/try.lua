package.path = "tests/model/?.lua;" .. package.path
local json, generate, compare = require "json", require "generate", require "compare"
local from, n, driver = tonumber(arg[1]), tonumber(arg[2]), arg[3]
local f = io.open("/tmp/model-cases.jsonl", "w")
for i = from, from + n - 1 do f:write(json.write(generate.case(i)), "\n") end
f:close()
local t0 = os.time()
os.execute(driver .. " /tmp/model-cases.jsonl /dev/shm/model-try > /tmp/model-out.jsonl")
local cases, outs = io.open("/tmp/model-cases.jsonl"), io.open("/tmp/model-out.jsonl")
local whys, bad, first = {}, 0, {}
for i = from, from + n - 1 do
  local case, line = json.read(cases:read("l")), outs:read("l")
  local d = compare.check(case, json.read(line))
  if d then
    bad = bad + 1
    local key = d.why:gsub("%d+", "N"):gsub("[sg]N", "x")
    whys[key] = (whys[key] or 0) + 1
    local size = #json.write(case)
    if not first[key] or size < first[key].size then first[key] = {size=size, seed=i, why=d.why} end
  end
end
local keys = {}
for k in pairs(whys) do keys[#keys+1] = k end
table.sort(keys, function(a, b) return whys[a] > whys[b] end)
for i = 1, math.min(#keys, tonumber(arg[4]) or 15) do print(whys[keys[i]], first[keys[i]].seed, first[keys[i]].size, first[keys[i]].why) end
print(bad .. " of " .. n, os.time() - t0 .. " s")
