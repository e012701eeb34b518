--- Restart the machine and go on behind this step.
---@class ts.steps.RestartComputer: ts.StepDef
local M = {
  summary = "Restart the machine and go on behind this step",
  doc = "The restart is asked for with the variables SMSTSRebootRequested, SMSTSRebootMessage and "
    .. "SMSTSRebootDelay, as programs of a sequence do it, and happens when the step has ended. The run "
    .. "goes on in the system that was asked for; when another one comes up, it stops and says so.",
  onInterrupt = "rerun",
  params = {
    { name = "target", type = "enum", choices = { "FullOS", "HD", "WinPE" }, default = "FullOS",
      variable = "SMSRebootTarget",
      doc = "Where to go on: FullOS (also written HD) is the installed system, WinPE the boot image" },
    { name = "message", type = "string", variable = "SMSRebootMessage",
      doc = "What a person at the screen is told, at most 512 characters" },
    { name = "delay", type = "duration", default = "0s", variable = "SMSRebootTimeout",
      doc = "How long that person has; no wait when nobody is there" },
  },
}

---@param p { target: string, message: string?, delay: integer } delay in milliseconds
---@param host ts.Host
function M.run(p, host)
  local message = p.message or ""
  if (utf8.len(message) or #message) > 512 then
    return nil, "the message of a restart is longer than 512 characters: shorten `message` or SMSRebootMessage"
  end
  local settings = {
    { "SMSTSRebootMessage", message },
    { "SMSTSRebootDelay", tostring((p.delay + 999) // 1000) },
    { "SMSTSRebootRequested", p.target == "WinPE" and "WinPE" or "HD" }, -- last: the others belong to it
  }
  for _, s in ipairs(settings) do
    local ok, err, code = host.vars.set(s[1], s[2])
    if not ok then return nil, err, code end
  end
  host.log("Restart into " .. (p.target == "WinPE" and "WinPE" or "the installed system") .. " requested")
  return true
end

return M
