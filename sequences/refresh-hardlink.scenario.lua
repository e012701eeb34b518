-- What refresh-hardlink.lua does in every case there is: started in the full OS and in
-- WinPE, each step failing, each step cut by a power loss, restarts that end in the wrong
-- system, a user who cancels.  Play it: taskseq test sequences --coverage

-- The steps in the order in which they run.
local PREPARE = {
  "Set Started in WinPE", "Set Architecture", "Set Windows Partition", "Set State Store Location",
  "Check that the computer can be refreshed", "Create State Store Location",
}
local REPLACE = {
  "Bring the capture up to date", "Wipe the Windows partition", "Apply the new operating system",
  "Restart in the new operating system",
}
local RESTORE = { "Restore User Files and Settings", "Cleanup State Store Location" }
local LOGS = "Save the logs"

local function join(...)
  local all = {}
  for _, part in ipairs { ... } do
    if type(part) == "string" then part = { part } end
    table.move(part, 1, #part, #all + 1, all)
  end
  return all
end

local ONLINE = join({ table.unpack(PREPARE, 2) }, "Capture User Files and Settings - FullOS", "Restart in WinPE",
  REPLACE, RESTORE, LOGS)
local OFFLINE = join(PREPARE, "Capture User Files and Settings - WinPE", REPLACE, RESTORE, LOGS)

-- Steps that do something to the machine; the others run as they are.
local EFFECTS = {
  "Check that the computer can be refreshed", "Create State Store Location",
  "Capture User Files and Settings - FullOS", "Capture User Files and Settings - WinPE",
  "Bring the capture up to date", "Wipe the Windows partition", "Apply the new operating system",
  "Restore User Files and Settings", "Cleanup State Store Location", LOGS,
}

-- Every effect goes well.  Not every run comes to all of them.
local function all_well()
  local list = {}
  for i, name in ipairs(EFFECTS) do list[i] = on(name) { optional = true } end
  return list
end

local function play(name)
  return function(s)
    s.variables = s.variables or { OSImage = [[D:\images\new.wim]] }
    s.windows = { drive = "C:", architecture = "amd64" }
    s[#s + 1] = all_well()
    return scenario(name)(s)
  end
end

local function position(list, name)
  for i, n in ipairs(list) do
    if n == name then return i end
  end
end

local scenarios = {
  play "started in the full OS" {
    phase = "FullOS",
    expect = {
      result = "succeeded",
      ran = ONLINE,
      restarts = { "WinPE", "FullOS" },
      boots = 3,
      skipped = {
        ["Set Started in WinPE"] = "condition",
        ["Capture User Files and Settings - WinPE"] = "condition",
        ["Restart in FullOS"] = "condition",
      },
      variables = {
        Architecture = "amd64", WindowsPartition = "C:", OSDStateStorePath = [[C:\StateStore]],
        TSStartedInWinPE = false,
      },
    },
  },

  play "started in WinPE" {
    phase = "WinPE",
    expect = {
      result = "succeeded",
      ran = OFFLINE,
      restarts = { "FullOS" },
      boots = 2,
      skipped = {
        ["Capture User Files and Settings - FullOS"] = "condition",
        ["Restart in WinPE"] = "condition",
      },
      variables = { TSStartedInWinPE = "YES" },
    },
  },

  play "something waits for a restart in the end" {
    phase = "FullOS",
    on "Cleanup State Store Location" { exit = 2 },
    expect = {
      result = "succeeded",
      ran = join({ table.unpack(ONLINE, 1, #ONLINE - 1) }, "Restart in FullOS", LOGS),
      restarts = { "WinPE", "FullOS", "FullOS" },
      boots = 4,
    },
  },

  play "the restart to WinPE ends in the full OS" {
    phase = "FullOS",
    arrive = { "FullOS" },
    expect = {
      result = "failed",
      error = "should have started WinPE and started FullOS",
      ran = join({ table.unpack(ONLINE, 1, position(ONLINE, "Restart in WinPE")) }, LOGS),
      notRan = { "Wipe the Windows partition" },
    },
  },

  play "the restart to the new system ends in WinPE" {
    phase = "WinPE",
    arrive = { "WinPE" },
    expect = {
      result = "failed",
      error = "should have started FullOS and started WinPE",
      notRan = { "Restore User Files and Settings" },
      inOrder = { "Restart in the new operating system", LOGS },
    },
  },

  play "the machine has no way into WinPE" {
    phase = "FullOS",
    refuseRestart = true,
    expect = { result = "failed", error = "cannot be done", notRan = { "Wipe the Windows partition" } },
  },

  play "the logs cannot be saved" {
    phase = "WinPE",
    on(LOGS) { error = "the disk is full" },
    expect = { result = "succeeded", ran = OFFLINE },
  },

  play "the first restart for the store fails, the user's files are there" {
    phase = "FullOS",
    on "Cleanup State Store Location" { exit = 2 },
    on "Restart in FullOS" { error = "no restart" },
    expect = { result = "failed", inOrder = { "Restore User Files and Settings", "Restart in FullOS", LOGS } },
  },

  play "cancelled while users' files are captured" {
    phase = "FullOS",
    on "Capture User Files and Settings - FullOS" { cancel = true },
    expect = {
      result = "cancelled",
      notRan = { "Restart in WinPE", "Wipe the Windows partition" },
      inOrder = { "Capture User Files and Settings - FullOS", LOGS },
    },
  },
}

-- Wherever a step fails nothing of what follows is done, and the logs are saved.
local function failing(start, list)
  for i, name in ipairs(list) do
    if name ~= LOGS then
      scenarios[#scenarios + 1] = play(("fails in %s: %s"):format(start, name)) {
        phase = start,
        on(name) { exit = 5, error = "it does not work" },
        expect = {
          result = "failed",
          code = 5,
          error = ('step "%s"'):format(name),
          ran = join({ table.unpack(list, 1, i) }, LOGS),
        },
      }
    end
  end
end
failing("FullOS", ONLINE)
failing("WinPE", OFFLINE)

-- Wherever the power is cut the step is done again, and everything ends well.
local function cut(start, list)
  for i, name in ipairs(list) do
    scenarios[#scenarios + 1] = play(("power cut in %s: %s"):format(start, name)) {
      phase = start,
      on(name) { powerCut = true, times = 1 },
      expect = { result = "succeeded", ran = join({ table.unpack(list, 1, i) }, { table.unpack(list, i) }) },
    }
  end
end
cut("FullOS", ONLINE)
cut("WinPE", OFFLINE)

return scenarios
