package.path = "tests/model/?.lua;" .. package.path
local json, generate, compare = require "json", require "generate", require "compare"
local case = generate.case(tonumber(arg[1]))
if arg[3] then case = json.read(io.open(arg[3]):read("a")) end
local f = io.open("/tmp/show.jsonl", "w") f:write(json.write(case), "\n") f:close()
os.execute(arg[2] .. " /tmp/show.jsonl /dev/shm/model-show > /tmp/show-out.jsonl")
local out = json.read(io.open("/tmp/show-out.jsonl"):read("l"))
local s = case.sequence
print(json.write(s)) s = case.sequence case.sequence = nil print(json.write(case)) case.sequence = s
local d = compare.check(case, out)
if out.boots then for i, b in ipairs(out.boots) do io.write(i, " ", b.phase, " ", b["end"], " ", b.asked, ":")
 for _, r in ipairs(b.ran) do io.write(" ", r.name, "/", r.attempt) end print() end end
print(out.result, out.code, out.error, out.broken)
if d then print("WHY " .. d.why)
for i = 1, math.max(#d.model, #d.engine) do print(("%-50s %s %s"):format(d.model[i] or "", d.model[i] ~= d.engine[i] and "|" or " ", d.engine[i] or "")) end
else print "agree" end
