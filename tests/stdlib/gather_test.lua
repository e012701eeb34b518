local t = ...
local tests = {}

local function gather_host(files)
  return t.new_host { sequence_dir = "/seq", phase = "FullOS" }
    :on("gather_facts", 12)
    :on("fs.is_file", function(path) return files[path] or false end)
    :on("gather", function(path)
      return { file = path:match("[^/]*$"), set = {
        { name = "A", value = "1", secret = false, section = "Default", line = 4 },
        { name = "AdminPassword", value = "geheim", secret = true, section = "Default", line = 5 } },
        notes = { { text = "the script x.vbs is not run", section = "Default", line = 6 } } }
    end)
end

function tests.gather_works_through_the_rules_and_hides_secrets()
  local host = gather_host { ["/seq/CustomSettings.ini"] = true }
  t.eq(t.run("Gather", {}, host), true)
  t.eq(host:called("gather")[1][1], "/seq/CustomSettings.ini")
  local lines = table.concat(host.lines, "\n")
  t.has(lines, "12 things", "A = 1 (CustomSettings.ini:4 [Default])", "AdminPassword = *****",
    "warn: CustomSettings.ini:6: the script x.vbs is not run", "set 2 variables")
  if lines:find("geheim") then error("a secret stands in the log") end
end

function tests.gather_looks_where_deployment_shares_have_rules()
  local host = gather_host { ["/share/Control/Mine.ini"] = true }
  host.values.deployroot = "/share"
  t.eq(t.run("Gather", { rulesFile = "Mine.ini" }, host), true)
  t.eq(host:called("gather")[1][1], "/share/Control/Mine.ini")
  host = gather_host { ["/etc/rules.ini"] = true }
  t.eq(t.run("Gather", { rulesFile = "/etc/rules.ini" }, host), true)
  t.eq(host:called("gather")[1][1], "/etc/rules.ini")
end

function tests.gather_without_rules()
  local host = gather_host {}
  t.eq(t.run("Gather", {}, host), true, "no file is named and none is there")
  t.eq(#host:called("gather"), 0)
  t.eq(t.run("Gather", { localOnly = true }, gather_host { ["/seq/CustomSettings.ini"] = true }), true)
  local ok, err, code = t.run("Gather", { rulesFile = "Mine.ini" }, host)
  t.fails(ok, err, "no rules file Mine.ini")
  t.eq(code, "not found")
end

function tests.gather_passes_failures_on()
  local host = gather_host { ["/seq/CustomSettings.ini"] = true }
  host:on("gather", nil, "CustomSettings.ini: zero bytes", "bad input")
  local ok, err, code = t.run("Gather", {}, host)
  t.fails(ok, err, "zero bytes")
  t.eq(code, "bad input")
  host:on("gather_facts", nil, "no space", "limit reached")
  ok, err = t.run("Gather", {}, host)
  t.fails(ok, err, "no space")
end

local function dynamic_host(answers)
  return t.new_host()
    :on("hardware_variables", true)
    :on("condition", function(c) return table.unpack(answers[c]) end)
    :on("vars.expand", function(s) return (s:gsub("%%(%w+)%%", function(n) return n .. "!" end)) end)
end

function tests.dynamic_variables_apply_rules_in_order()
  local host = dynamic_host { yes = { true }, no = { false } }
  t.eq(t.run("SetDynamicVariables", { rules = {
    { condition = "yes", variables = { { name = "A", value = "1" }, { name = "B", value = "%A%" } } },
    { condition = "no", variables = { { name = "C", value = "1" } } },
    { variables = { { name = "a", value = "2" } }, secrets = { "A" } },
  } }, host), true)
  local set = host:called("vars.set")
  t.eq(#set, 3)
  t.eq(set[1][1] .. "=" .. set[1][2], "A=1")
  t.eq(set[2][1] .. "=" .. set[2][2], "B=A!")
  t.eq(set[2][3].secret, false)
  t.eq(set[3][1] .. "=" .. set[3][2], "a=2")
  t.eq(set[3][3].secret, true)
  t.eq(#host:called("hardware_variables"), 1)
  t.has(table.concat(host.lines, "\n"), "Rule 1 applies", "Rule 2 does not apply", "2 rules of 3 applied")
end

function tests.dynamic_variables_without_rules_still_look_at_the_machine()
  local host = dynamic_host {}
  t.eq(t.run("SetDynamicVariables", {}, host), true)
  t.eq(#host:called("hardware_variables"), 1)
end

function tests.dynamic_variables_name_the_rule_that_fails()
  local host = dynamic_host { bad = { nil, "the query is wrong", "bad input" } }
  local ok, err, code = t.run("SetDynamicVariables",
    { rules = { { variables = {} }, { condition = "bad", variables = {} } } }, host)
  t.fails(ok, err, "rule 2: the query is wrong")
  t.eq(code, "bad input")
  ok, err = t.run("SetDynamicVariables", { rules = { { variables = { { name = "_A", value = "1" } } } } }, host)
  t.fails(ok, err, "rule 1: ", "_A")
end

local function fit_host(variables, values)
  return t.new_host { values = values or {}, phase = "FullOS", system = { memory_mb = 8000 } }
    :on("facts", { variables = variables or {}, classes = {} })
end

function tests.validate_passes_what_is_fit()
  local host = fit_host({ Memory = "4096", PROCESSORSPEED = "2400", IsServerOS = "False" })
  t.eq(t.run("Validate", { minMemory = 4096, minProcessorSpeed = 2400, verifyOS = "client" }, host), true)
  t.eq(t.run("Validate", {}, fit_host()), true)
  t.eq(t.run("Validate", {}, fit_host(nil, { OSInstall = "YES" })), true)
end

function tests.validate_names_every_reason()
  local host = fit_host({ Memory = "2048", ProcessorSpeed = "800", IsServerOS = "True" },
    { OSInstall = "no", _OSDDetectedWinDrive = "C:" })
  host:on("volume", function(path)
    t.eq(path, "C:\\")
    return { total = 10 * 1024 * 1024 }
  end)
  local ok, err = t.run("Validate", { minMemory = 4096, minProcessorSpeed = 1000, imageSize = 11, verifyOS = "client" },
    host)
  t.fails(ok, err, "OSInstall is NO", "memory is 2048 MB, 4096 MB are wanted",
    "processor's speed is 800 MHz", "C: has 10.0 MB", "the system is one for a server, one for a client is wanted")
end

function tests.validate_asks_variables_before_facts_and_warns_of_the_unknown()
  local host = fit_host({ Memory = "2048" }, { Memory = "16000" })
  t.eq(t.run("Validate", { minMemory = 4096, minProcessorSpeed = 1, verifyOS = "server" }, host), true)
  t.has(table.concat(host.lines, "\n"), "warn: The machine does not say its processor's speed",
    "warn: It is not known whether the system is one for servers")
  host = t.new_host { phase = "WinPE", system = { memory_mb = 100 } }:on("facts", nil)
  local ok, err = t.run("Validate", { minMemory = 4096, verifyOS = "server" }, host)
  t.fails(ok, err, "memory is 100 MB")
end

return tests
