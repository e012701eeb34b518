--- Looking at paths.  A sequence says C:\Folder or /folder; both kinds work everywhere.
local M = {}

--- "C:" of "c:\Users", nil for a path without a letter.
---@param path string
---@return string?
function M.drive(path)
  local letter = path:match("^(%a):[\\/]") or path:match("^(%a):$")
  return letter and letter:upper() .. ":"
end

---@param path string
---@return boolean
function M.is_absolute(path)
  return M.drive(path) ~= nil or path:match("^[\\/]") ~= nil
end

--- A share: \\server\share.
---@param path string
---@return boolean
function M.is_share(path)
  return path:match("^[\\/][\\/][^\\/?.]") ~= nil
end

--- The path without separators at its end; a root keeps its own.
---@param path string
---@return string
function M.strip(path)
  local stripped = path:gsub("[\\/]+$", "")
  if stripped == "" or stripped:match("^%a:$") then
    return stripped .. path:sub(#stripped + 1, #stripped + 1)
  end
  return stripped
end

--- "C:", "C:\" and "/" are roots.
---@param path string
---@return boolean
function M.is_root(path)
  return path:match("^%a:[\\/]*$") ~= nil or path:match("^[\\/]+$") ~= nil
end

--- Does some part of the path say ".."?
---@param path string
---@return boolean
function M.climbs(path)
  return ("/" .. path:gsub("\\", "/") .. "/"):find("/../", 1, true) ~= nil
end

--- The path below its drive: "Users\Ann" of "C:\Users\Ann".
---@param path string
---@return string
function M.below_drive(path)
  return (path:gsub("^%a:", ""):gsub("^[\\/]+", ""))
end

--- ".ps1" of "tools\Get.PS1", in small letters; "" without one.
---@param path string
---@return string
function M.extension(path)
  return (path:match("[^\\/](%.[^.\\/]*)$") or ""):lower()
end

return M
