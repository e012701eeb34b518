--- Write a text file.
---@class ts.steps.WriteFile: ts.StepDef
local M = {
  summary = "Write a text into a file",
  doc = "The file gets exactly this text, in UTF-8, without a line end of its own. Replacing a file is done at "
    .. "once: a crash leaves the old text or the new one. Appending cannot be repeated safely, so that a step "
    .. "with `append` that was cut fails instead of running again.",
  onInterrupt = "rerun",
  params = {
    { name = "path", type = "path", required = true, doc = "File; its folder must exist" },
    { name = "text", type = "string", required = true, doc = "What to write" },
    { name = "append", type = "boolean", default = false, doc = "Add to the end of the file" },
  },
}

---@param p { path: string, text: string?, append: boolean }
---@param host ts.Host
function M.run(p, host)
  if p.append and host.interrupted then
    return nil, ("an earlier attempt was cut, and it is not known whether %s has the text already: look at the file, "
      .. "then go on behind this step or set onInterrupt = \"skip\""):format(p.path)
  end
  local ok, err, code = (p.append and host.fs.append or host.fs.write)(p.path, p.text or "")
  if not ok then return nil, err, code end
  return true
end

return M
