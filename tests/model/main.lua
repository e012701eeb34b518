-- main.lua FOLDER DRIVER SCRATCH KEEP CASES SEED [case SEED | file FILE] - random cases, played by the
-- engine and by the model.  See run.sh.
local folder = arg[1]
package.path = folder .. "/?.lua;" .. package.path
local json = require "json"
local generate = require "generate"
local compare = require "compare"
local shrink = require "shrink"
local features = require "features"

local driver, scratch, keep = arg[2], arg[3], arg[4]
local wanted, seed = math.tointeger(tonumber(arg[5])), math.tointeger(tonumber(arg[6]))
local BATCH, PROCESSES = 200, 2
local MOST_SHOWN = tonumber(os.getenv("TASKSEQ_MODEL_SHOWN")) or 3 -- disagreements

local function write_file(path, text)
  local f = assert(io.open(path, "w"))
  f:write(text)
  assert(f:close())
end

local function read_file(path)
  local f = assert(io.open(path))
  local text = f:read("a")
  f:close()
  return text
end

-- ---- playing

local jobs = 0

-- Begin to play cases; finish(job) waits for their outcomes.
local function begin(cases)
  jobs = jobs + 1
  local base = ("%s/%d"):format(scratch, jobs)
  local lines = {}
  for i, c in ipairs(cases) do
    lines[i] = json.write(c) .. "\n"
  end
  write_file(base .. ".cases", table.concat(lines))
  local command = ("exec '%s' %s.cases %s.machine > %s.out"):format(driver, base, base, base)
  return { cases = cases, base = base, pipe = assert(io.popen(command, "r")) }
end

local function finish(job)
  job.pipe:read("a")
  local ok, _, code = job.pipe:close()
  assert(ok, ("the driver ended with %s; its cases are in %s.cases"):format(tostring(code), job.base))
  local outcomes = {}
  for line in io.lines(job.base .. ".out") do
    outcomes[#outcomes + 1] = json.read(line)
  end
  assert(#outcomes == #job.cases, "the driver left out cases")
  os.remove(job.base .. ".cases")
  os.remove(job.base .. ".out")
  return outcomes
end

-- The first case on which they disagree; what cannot be read as a sequence is no case.
local function first_wrong(cases)
  for from = 1, #cases, 8 do
    local some = table.move(cases, from, math.min(from + 7, #cases), 1, {})
    for i, outcome in ipairs(finish(begin(some))) do
      local d = compare.check(some[i], outcome)
      if d and not d.why:find("the engine: sequence", 1, true) then
        return some[i], d
      end
    end
  end
end

-- ---- telling

local function show(d)
  print("  " .. d.why)
  print(("  %-52s   %s"):format("model", "engine"))
  for i = 1, math.max(#d.model, #d.engine) do
    local a, b = d.model[i] or "", d.engine[i] or ""
    print(("  %-52s %s %s"):format(a, a == b and " " or "|", b))
  end
end

local function tell_shrunk(case, d)
  local small, why = shrink.shrink(case, d, first_wrong)
  local path = ("%s/failed-%d.json"):format(keep, case.seed or 0)
  small.about = why.why
  write_file(path, json.write(small) .. "\n")
  print("  " .. json.write(small))
  show(why)
  print(("  again: tests/model/run.sh BUILD_DIR --case %d"):format(case.seed or 0))
  print(("  shrunk, to be kept in tests/model/kept: %s"):format(path))
  print(("  again: tests/model/run.sh BUILD_DIR --file %s"):format(path))
end

local failed = false

local function result(ok, name)
  print((ok and "ok " or "not ok ") .. name)
  failed = failed or not ok
end

-- ---- one case, or the kept ones

local function play_one(case, name)
  local d = compare.check(case, finish(begin { case })[1])
  result(not d, name)
  if d then
    show(d)
  end
  return d
end

local function play_kept()
  local list = io.popen(("ls '%s'/kept/*.json 2>/dev/null"):format(folder))
  for path in list:lines() do
    play_one(json.read(read_file(path)), "kept " .. path:match("[^/]+$"))
  end
  list:close()
end

-- ---- many

local counts, cuts, starts = {}, 0, 0

local function count(case, outcome, w)
  for name, has in pairs(features.of(case, outcome, w)) do
    counts[name] = (counts[name] or 0) + (has and 1 or 0)
  end
  for _, boot in ipairs(outcome.boots) do
    starts = starts + 1
    cuts = cuts + (boot["end"] == "killed" and 1 or 0)
  end
end

local function batch(from)
  local cases = {}
  for i = from, math.min(from + BATCH, wanted) - 1 do
    cases[#cases + 1] = generate.case(seed * 1000000 + i)
  end
  return #cases > 0 and begin(cases) or nil
end

local function play_many()
  local running, next_one, wrong, played = {}, 0, 0, 0
  for _ = 1, PROCESSES do
    running[#running + 1] = batch(next_one)
    next_one = next_one + BATCH
  end
  while #running > 0 do
    local job = table.remove(running, 1)
    local outcomes = finish(job)
    running[#running + 1] = wrong < MOST_SHOWN and batch(next_one) or nil
    next_one = next_one + BATCH
    for i, outcome in ipairs(outcomes) do
      local d, w = compare.check(job.cases[i], outcome)
      played = played + 1
      if not d then
        count(job.cases[i], outcome, w)
      else
        wrong = wrong + 1
        if wrong <= MOST_SHOWN then
          result(false, ("case %d"):format(job.cases[i].seed))
          tell_shrunk(job.cases[i], d)
        end
      end
    end
    if next_one // BATCH % 50 == 0 then
      io.stderr:write(("model: %d of %d cases\n"):format(played, wanted))
    end
  end
  return played, wrong
end

local function tell_features()
  local lost = {}
  print("cases in which there was:")
  for _, name in ipairs(features.names) do
    print(("  %7d  %s"):format(counts[name] or 0, name))
    if (counts[name] or 0) == 0 then
      lost[#lost + 1] = name
    end
  end
  if wanted >= 1000 then
    result(#lost == 0, "every feature was there")
    for _, name in ipairs(lost) do
      print("  never: " .. name)
    end
  end
end

-- ---- begin

if arg[7] == "case" then
  local case = generate.case(math.tointeger(tonumber(arg[8])))
  print(json.write(case))
  local d = play_one(case, "case " .. arg[8])
  if d then
    tell_shrunk(case, d)
  end
elseif arg[7] == "file" then
  play_one(json.read(read_file(arg[8])), arg[8])
else
  local began = os.time()
  play_kept()
  print(("seed %d (TASKSEQ_SEED=%d), %d cases"):format(seed, seed, wanted))
  local played, wrong = play_many()
  result(wrong == 0, ("engine and model agree on %d random sequences"):format(played - wrong))
  tell_features()
  print(("%d cases, %d starts of the machine, %d power cuts, %d s"):format(played, starts, cuts,
    os.time() - began))
end
os.exit(not failed)
