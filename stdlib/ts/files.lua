--- Where a step's files are: a relative path stands below the step's package, or beside
--- the sequence when the step has none.
local path = require "ts.path"

local M = {}

---@param host ts.Host
---@param file string
---@return string? path absolute, when it can be made so
---@return string? err
---@return string? code
function M.locate(host, file)
  if path.is_absolute(file) then return file end
  local folder, err, code = host.package()
  if err then return nil, err, code end
  folder = folder or host.sequence_dir
  return folder and host.fs.join(folder, file) or file
end

return M
