local t = ...
local tests = {}

local GB = 1024 ^ 3 // 1 | 0

local function totals(given)
  return setmetatable(given or {}, { __index = function(_, k)
    assert(type(k) == "string")
    return 0
  end })
end

local function volume(letter, fields)
  local v = { letter = letter, volume = "vol-" .. letter, fixed = true, readonly = false, fstype = "ntfs",
    total = 100 * GB, free = 50 * GB }
  for k, value in pairs(fields or {}) do v[k] = value end
  return v
end

-- ---- RequestStateStore ------------------------------------------------------------------

local function request_host(volumes)
  return t.new_host { values = { _OSDDetectedWinDrive = "C:" } }
    :on("volume", function(p) return volumes and volumes[p:sub(1, 2)] or volume(p:sub(1, 2)) end)
    :on("settle_state", true)
    :on("protect", true)
    :on("fs.stat", nil, "nothing there", "not found")
end

function tests.request_checks_protects_and_tells()
  local host = request_host()
  t.eq(t.run("RequestStateStore", { path = "C:\\StateStore\\" }, host), true)
  t.eq(host.values.osdstatestorepath, "C:\\StateStore")
  t.eq(host.values._smstsuserstatepath, "C:\\StateStore")
  t.eq(host:called("protect")[1][1], "C:\\StateStore")
  t.eq(host:called("settle_state")[1][1], "C:\\StateStore")
  t.has(host.lines[1], "C:\\StateStore", "50.0 GB free")
end

function tests.request_refuses_bad_folders()
  local cases = {
    { "C:\\", "cannot be C:", "C:\\StateStore" },
    { "C:", "folder of its own" },
    { "StateStore", "full path" },
    { "\\\\server\\state", "share" },
    { "C:\\a\\..\\..\\b", "'..'" },
  }
  for _, c in ipairs(cases) do
    local host = request_host()
    local ok, err = t.run("RequestStateStore", { path = c[1] }, host)
    t.fails(ok, err, table.unpack(c, 2))
    t.eq(#host:called("protect"), 0)
    t.eq(host.values.osdstatestorepath, nil)
  end
end

function tests.request_refuses_bad_volumes()
  local cases = {
    { { ["X:"] = volume("X:", { fixed = false }) }, "X:\\S", "no fixed local drive" },
    { { ["C:"] = volume("C:", { readonly = true }) }, "C:\\S", "only be read", "shutdown" },
    { { ["C:"] = volume("C:", { free = 249 * 1024 * 1024 }) }, "C:\\S", "249.0 MB free", "250 MB", "minSpace" },
    { {}, "D:\\S", "not on C:", "hard links", "choose a folder on C:" },
  }
  for _, c in ipairs(cases) do
    local host = request_host(c[1])
    local ok, err = t.run("RequestStateStore", { path = c[2] }, host)
    t.fails(ok, err, table.unpack(c, 3))
    t.eq(#host:called("settle_state"), 0, "nothing was changed")
  end
  local host = request_host():on("settle_state", nil, "cannot move the state", "system error")
  local ok, err = t.run("RequestStateStore", { path = "C:\\S" }, host)
  t.fails(ok, err, "cannot move the state")
  t.eq(host.values.osdstatestorepath, nil)
end

function tests.request_refuses_what_is_no_state_store()
  local folder = { type = "folder" }
  local cases = {
    { { type = "link" }, {}, nil, "it is a link" },
    { { type = "file" }, {}, nil, "no folder" },
    { folder, { { name = "USMT", type = "folder" } }, "not found", "no state store's (USMT)", "choose another" },
    { folder, {}, "damaged", "the catalogue is damaged" },
  }
  for _, c in ipairs(cases) do
    local host = request_host():on("fs.stat", c[1]):on("fs.list", c[2])
      :on("store.info", nil, "the catalogue is damaged", c[3])
    local ok, err = t.run("RequestStateStore", { path = "C:\\S" }, host)
    t.fails(ok, err, table.unpack(c, 4))
    t.eq(#host:called("settle_state"), 0, "nothing was changed")
    t.eq(#host:called("protect"), 0)
  end
end

function tests.request_takes_an_empty_folder_and_a_store()
  local host = request_host():on("fs.stat", { type = "folder" }):on("fs.list", {})
    :on("store.info", nil, "no store there", "not found")
  t.eq(t.run("RequestStateStore", { path = "C:\\S" }, host), true)
  host:on("store.info", { state = "capturing", machine = "" })
  t.eq(t.run("RequestStateStore", { path = "C:\\S" }, host), true)
end

local function restore_host(stores, drives)
  return t.new_host()
    :on("protect", true)
    :on("drives", drives or { volume("C:"), volume("D:"), volume("X:", { fixed = false }) })
    :on("store.info", function(p)
      local s = stores[p]
      if not s then return nil, "no store there", "not found" end
      if s.err then return nil, s.err, "damaged" end
      return { state = s.state or "complete", machine = s.machine or "machine-1" }
    end)
end

function tests.request_for_a_restore_finds_the_store_under_another_letter()
  local host = restore_host { ["D:\\StateStore"] = {} }
  t.eq(t.run("RequestStateStore", { path = "C:\\StateStore", mode = "restore" }, host), true)
  t.eq(host.values.osdstatestorepath, "D:\\StateStore")
  t.eq(host.values._smstsuserstatepath, "D:\\StateStore")
  t.eq(host:called("protect")[1][1], "D:\\StateStore")
end

function tests.request_for_a_restore_prefers_this_machines_store()
  local host = restore_host { ["C:\\S"] = { machine = "other" }, ["D:\\S"] = {} }
  t.eq(t.run("RequestStateStore", { path = "C:\\S", mode = "restore" }, host), true)
  t.eq(host.values.osdstatestorepath, "D:\\S")
  host = restore_host { ["C:\\S"] = { machine = "other" } }
  t.eq(t.run("RequestStateStore", { path = "C:\\S", mode = "restore" }, host), true)
  t.has(host.lines[1], "warn:", "another machine", "other")
end

function tests.request_for_a_restore_explains_what_it_does_not_find()
  local host = restore_host {}
  local ok, err, code = t.run("RequestStateStore", { path = "C:\\S", mode = "restore" }, host)
  t.fails(ok, err, "C:\\S and D:\\S")
  t.eq(code, "not found")
  host = restore_host { ["C:\\S"] = { state = "capturing" } }
  ok, err = t.run("RequestStateStore", { path = "C:\\S", mode = "restore" }, host)
  t.fails(ok, err, "C:\\S", "never completed")
  host = restore_host { ["C:\\S"] = {}, ["D:\\S"] = {} }
  ok, err = t.run("RequestStateStore", { path = "C:\\S", mode = "restore" }, host)
  t.fails(ok, err, "each of C:\\S and D:\\S")
  host = restore_host { ["C:\\S"] = { err = "the catalogue is damaged" } }
  ok = t.run("RequestStateStore", { path = "C:\\S", mode = "restore" }, host)
  t.eq(ok, nil)
  t.has(host.lines[1], "warn:", "C:\\S", "damaged")
end

-- ---- CaptureUserState -------------------------------------------------------------------

local function capture_host(options)
  return t.new_host(options or { values = { _OSDDetectedWinDrive = "C:" } })
    :on("store.info", nil, "no store", "not found")
    :on("store.capture", totals { profiles = 2, files = 10, bytes = 100 })
    :on("volume", { letter = "C:", fixed = true })
end

function tests.capture_goes_to_no_place_that_a_restart_empties()
  local host = capture_host():on("volume", { letter = "X:", fixed = false })
  local ok, err = t.run("CaptureUserState", { store = "X:\\S" }, host)
  t.fails(ok, err, "X:", "lost at the restart")
  ok, err = t.run("CaptureUserState", { store = "StateStore" }, host)
  t.fails(ok, err, "full path")
  t.eq(#host:called("store.capture"), 0)
end

function tests.capture_hands_over_what_was_asked()
  local host = capture_host()
  t.eq(t.run("CaptureUserState", { store = "C:\\S\\", rules = { "exclude *.ost", "include a" },
    extra = { "C:\\Data" }, onUnreadable = "skip", copy = true, overwrite = true }, host), true)
  local o = host:called("store.capture")[1][1]
  t.eq(o.store, "C:\\S")
  t.eq(o.drive, "C:")
  t.eq(o.rules, "exclude *.ost\ninclude a")
  t.eq(o.extra[1], "C:\\Data")
  t.eq(o.skipUnreadable, true)
  t.eq(o.copy, true)
  t.eq(o.overwrite, true)
  t.eq(o.force, nil, "a store that holds state is never replaced")
  t.has(host.lines[1], "C:\\S", "2 profiles", "10 files")
end

function tests.capture_needs_a_store()
  local ok, err = t.run("CaptureUserState", {}, capture_host())
  t.fails(ok, err, "OSDStateStorePath", "RequestStateStore")
end

function tests.capture_reads_rules_from_a_file()
  local host = capture_host { sequence_dir = "/seq", values = { _OSDDetectedWinDrive = "C:" } }
    :on("package", nil):on("fs.read", "exclude x\n")
  t.eq(t.run("CaptureUserState", { store = "C:\\S", rulesFile = "rules.txt" }, host), true)
  local o = host:called("store.capture")[1][1]
  t.eq(o.rules, "exclude x\n")
  t.eq(o.rulesName, "/seq/rules.txt")
  local ok, err = t.run("CaptureUserState", { store = "C:\\S", rulesFile = "r", rules = { "x" } }, host)
  t.fails(ok, err, "not both")
  host:on("fs.read", nil, "there is no such file", "not found")
  ok, err = t.run("CaptureUserState", { store = "C:\\S", rulesFile = "r" }, host)
  t.fails(ok, err, "/seq/r", "no such file")
  t.eq(#host:called("store.capture"), 1)
end

function tests.capture_updates_a_complete_store()
  local host = capture_host()
    :on("store.info", { state = "complete", machine = "machine-1" })
    :on("store.update", totals { added = 1, changed = 2, deleted = 3 })
  t.eq(t.run("CaptureUserState", { store = "C:\\S", update = true }, host), true)
  t.eq(#host:called("store.capture"), 0)
  t.has(host.lines[1], "1 added, 2 changed, 3 deleted")
  host:on("store.info", nil, "no store", "not found")
  t.eq(t.run("CaptureUserState", { store = "C:\\S", update = true }, host), true)
  t.eq(#host:called("store.capture"), 1, "captured where there was none")
end

function tests.capture_that_was_cut_behind_its_end_is_done()
  local host = capture_host():on("store.info", { state = "complete", machine = "machine-1" })
  host.interrupted = true
  t.eq(t.run("CaptureUserState", { store = "C:\\S" }, host), true)
  t.eq(#host:called("store.capture"), 0)
  host:on("store.info", { state = "complete", machine = "other" })
  t.eq(t.run("CaptureUserState", { store = "C:\\S" }, host), true)
  t.eq(#host:called("store.capture"), 1, "another machine's store proves nothing")
  host:on("store.info", { state = "capturing", machine = "machine-1" })
  t.eq(t.run("CaptureUserState", { store = "C:\\S" }, host), true)
  t.eq(#host:called("store.capture"), 2)
end

function tests.capture_passes_refusals_on()
  local host = capture_host():on("store.capture", nil, "a complete store stands there", "refused")
  local ok, err, code = t.run("CaptureUserState", { store = "C:\\S" }, host)
  t.fails(ok, err, "a complete store stands there")
  t.eq(code, "refused")
  host:on("store.info", nil, "the catalogue is damaged", "damaged")
  ok, err = t.run("CaptureUserState", { store = "C:\\S" }, host)
  t.fails(ok, err, "damaged")
end

-- ---- RestoreUserState -------------------------------------------------------------------

function tests.restore_goes_to_the_target_drive()
  local host = t.new_host { values = { OSDTargetSystemDrive = "C:" } }
    :on("store.info", { state = "wiping" })
    :on("store.restore", totals { profiles = 1, files = 2, conflicts = 1 })
  t.eq(t.run("RestoreUserState", { store = "C:\\S", users = { "Ann" } }, host), true)
  local o = host:called("store.restore")[1][1]
  t.eq(o.drive, "C:")
  t.eq(o.store, "C:\\S")
  t.eq(o.users[1], "Ann")
  t.has(host.lines[1], "to C:", "1 profile", "2 files")
  t.has(host.lines[2], "warn:", "1 differing file")
end

function tests.restore_explains_failures()
  local host = t.new_host { values = { OSDTargetSystemDrive = "C:" } }:on("store.info", nil, "no store", "not found")
  local ok, err, code = t.run("RestoreUserState", { store = "C:\\S" }, host)
  t.fails(ok, err, "C:\\S", "no store")
  t.eq(code, "not found")
  host:on("store.info", { state = "complete" }):on("store.restore", nil, "no space left on C:", "no space")
  ok, err = t.run("RestoreUserState", { store = "C:\\S" }, host)
  t.fails(ok, err, "no space left on C:")
end

function tests.restore_that_was_cut_behind_its_end_is_done()
  local host = t.new_host { interrupted = true, values = { OSDTargetSystemDrive = "C:" } }
    :on("store.info", { state = "verified" })
  t.eq(t.run("RestoreUserState", { store = "C:\\S" }, host), true)
  host:on("store.restore", totals())
  host.interrupted = false
  t.eq(t.run("RestoreUserState", { store = "C:\\S" }, host), true)
  t.eq(#host:called("store.restore"), 1)
end

-- ---- ReleaseStateStore ------------------------------------------------------------------

function tests.release_empties_the_variables()
  local host = t.new_host { values = { OSDStateStorePath = "C:\\S", _SMSTSUserStatePath = "C:\\S" } }
    :on("store.remove", totals { files = 3 })
  local ok, code = t.run("ReleaseStateStore", { store = "C:\\S" }, host)
  t.eq(ok, true)
  t.eq(code, nil)
  t.eq(host.values.osdstatestorepath, nil)
  t.eq(host.values._smstsuserstatepath, nil)
  t.eq(host:called("store.remove")[1][2].force, false)
end

function tests.release_answers_2_when_a_restart_is_needed()
  local host = t.new_host():on("store.remove", totals { files = 3, pending = 1 })
  local ok, code = t.run("ReleaseStateStore", { store = "C:\\S", force = true }, host)
  t.eq(ok, true)
  t.eq(code, 2)
  t.eq(host:called("store.remove")[1][2].force, true)
  t.has(host.lines[2], "warn:", "1 object", "is in use")
end

function tests.release_keeps_the_variables_when_refused()
  local host = t.new_host { values = { OSDStateStorePath = "C:\\S" } }
    :on("store.remove", nil, "3 files were not found restored", "refused")
  local ok, err, code = t.run("ReleaseStateStore", { store = "C:\\S" }, host)
  t.fails(ok, err, "3 files were not found restored")
  t.eq(code, "refused")
  t.eq(host.values.osdstatestorepath, "C:\\S")
end

function tests.release_of_nothing_fails_but_not_after_a_cut()
  local host = t.new_host { values = { OSDStateStorePath = "C:\\S" } }
    :on("store.remove", nil, "there is no store", "not found")
  t.eq((t.run("ReleaseStateStore", { store = "C:\\S" }, host)), nil)
  host.interrupted = true
  t.eq(t.run("ReleaseStateStore", { store = "C:\\S" }, host), true)
  t.eq(host.values.osdstatestorepath, nil)
end

-- ---- WipeVolume -------------------------------------------------------------------------

function tests.wipe_keeps_what_the_run_needs()
  local host = t.new_host { state_dir = "/state", values = { _OSDDetectedWinDrive = "C:",
    _SMSTSMDataPath = "C:\\_SMSTaskSequence" } }
    :on("store.info", { state = "complete" }):on("store.wipe", totals { files = 9 })
  t.eq(t.run("WipeVolume", { store = "C:\\S\\", keep = { "C:\\Drivers" } }, host), true)
  local o = host:called("store.wipe")[1][1]
  t.eq(o.drive, "C:")
  t.eq(o.store, "C:\\S")
  t.eq(table.concat(o.keep, "|"), "C:\\Drivers|/state|C:\\_SMSTaskSequence")
  t.eq(o.withoutStore, false)
  t.eq(host.values.osdtargetsystemdrive, "C:")
  t.has(host.lines[1], "C:", "9 files", "C:\\S kept")
end

function tests.wipe_without_a_store_leaves_the_refusal_to_the_engine()
  local host = t.new_host { state_dir = false, values = { _OSDDetectedWinDrive = "C:" } }
    :on("store.info", nil, "none", "not found")
    :on("store.wipe", nil, "C: holds the profiles of Ann", "refused")
  local ok, err, code = t.run("WipeVolume", { store = "C:\\S" }, host)
  t.fails(ok, err, "profiles of Ann")
  t.eq(code, "refused")
  t.eq(host:called("store.wipe")[1][1].store, nil)
  t.eq(host.values.osdtargetsystemdrive, nil)
end

function tests.wipe_trusts_no_damaged_store()
  local host = t.new_host { values = { _OSDDetectedWinDrive = "C:" } }
    :on("store.info", nil, "the catalogue is damaged", "damaged")
  local ok, err = t.run("WipeVolume", { store = "C:\\S", withoutStore = true }, host)
  t.fails(ok, err, "cannot trust", "damaged")
end

function tests.wipe_that_was_cut_goes_on_with_the_stores_drive()
  local host = t.new_host { interrupted = true, state_dir = false, values = { _OSDDetectedWinDrive = "D:" } }
    :on("store.info", { state = "wiping" }):on("store.wipe", totals())
  t.eq(t.run("WipeVolume", { store = "C:\\S" }, host), true)
  t.eq(host:called("store.wipe")[1][1].drive, "C:", "D: holds another Windows")
  t.eq(t.run("WipeVolume", { store = "C:\\S", drive = "E:" }, host), true)
  t.eq(host:called("store.wipe")[2][1].drive, "E:", "what the sequence says wins")
end

function tests.wipe_takes_no_folder_for_a_drive()
  for _, drive in ipairs { "C:\\Users", "/", "/home", "C:\\Users\\..", "\\\\server\\share" } do
    local host = t.new_host { state_dir = false }
    local ok, err = t.run("WipeVolume", { drive = drive, withoutStore = true }, host)
    t.fails(ok, err, "no drive", "by its letter")
  end
end

function tests.wipe_needs_to_know_the_drive()
  local host = t.new_host { system = { platform = "posix" } }:on("windows", {}):on("drives", {})
  local ok, err = t.run("WipeVolume", {}, host)
  t.fails(ok, err, "`drive`")
end

-- ---- CheckReadiness ---------------------------------------------------------------------

local function ready_host()
  return t.new_host { values = { _OSDDetectedWinDrive = "C:" },
    system = { memory_mb = 4096, architecture = "x86_64", admin = true, platform = "posix" } }
    :on("volume", function() return volume("C:") end)
    :on("windows", { { drive = "C:" } })
    :on("profiles", { { name = "Public", public = true }, { name = "Ann", public = false } })
end

local everything = { minMemory = 2048, minDiskSpace = 250, architecture = { "amd64" }, requireAdmin = true,
  requireWindows = true, requireWritable = true, requireProfiles = true }

function tests.readiness_passes_and_states_facts()
  local host = ready_host()
  t.eq(t.run("CheckReadiness", everything, host), true)
  for _, fact in ipairs { "memory", "disk", "arch", "admin", "windows", "writable", "profiles" } do
    t.eq(host.values["_ts_cr" .. fact], "1", fact)
  end
  t.has(host.lines[1], "7 checks")
  t.eq(t.run("CheckReadiness", { minMemory = 1 }, host), true)
  t.eq(host.values._ts_crdisk, nil, "what is not asked for has no result")
end

function tests.readiness_names_every_unmet_requirement()
  local host = ready_host()
    :on("volume", function() return volume("C:", { free = 1024 * 1024, readonly = true }) end)
    :on("windows", { { drive = "D:" } })
    :on("profiles", { { name = "Public", public = true } })
  host.system = { memory_mb = 1000, architecture = "aarch64", admin = false }
  local ok, err, code = t.run("CheckReadiness", everything, host)
  t.fails(ok, err, "1000 MB of memory, 2048 MB", "aarch64, amd64 is wanted", "administrator's rights",
    "no Windows on C:", "1.0 MB free, 250 MB", "only be read", "no user profile was found on C:")
  t.eq(code, 4316)
  for _, fact in ipairs { "memory", "disk", "arch", "admin", "windows", "writable", "profiles" } do
    t.eq(host.values["_ts_cr" .. fact], "0", fact)
  end
end

function tests.readiness_says_one_reason_once()
  local host = ready_host():on("windows", {}):on("drives", { volume("C:") })
  host.values._osddetectedwindrive = nil
  local ok, err = t.run("CheckReadiness", { requireWindows = true, minDiskSpace = 1, requireProfiles = true }, host)
  t.fails(ok, err, "no Windows was found on C:")
  local _, times = err:gsub("no Windows was found", "")
  t.eq(times, 1)
end

function tests.readiness_without_a_question_warns()
  local host = ready_host()
  t.eq(t.run("CheckReadiness", {}, host), true)
  t.has(host.lines[1], "warn:", "asks for nothing")
end

return tests
