--- Small things said and read by several steps.
local M = {}

--- Does the value of a variable say yes?
---@param value string?
---@return boolean
function M.is_true(value)
  local v = (value or ""):lower()
  return v == "true" or v == "yes" or v == "1"
end

--- The text without blanks at both ends.
---@param s string
---@return string
function M.trim(s)
  return (s:match("^%s*(.-)%s*$"))
end

--- "1 file", "12,345 files".
---@param n integer
---@param one string
---@param many string? one .. "s" when left out
---@return string
function M.count(n, one, many)
  local digits = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return digits .. " " .. (n == 1 and one or many or one .. "s")
end

--- A number of bytes as people say it: "3.2 GB".
---@param n integer
---@return string
function M.bytes(n)
  local units = { "bytes", "KB", "MB", "GB", "TB", "PB" }
  local i = 1
  local v = n
  while v >= 1024 and i < #units do
    v = v / 1024
    i = i + 1
  end
  if i == 1 then return M.count(n, "byte") end
  return ("%.1f %s"):format(v, units[i])
end

--- "a", "a and b", "a, b and c".
---@param list string[]
---@param word string? "and" when left out
---@return string
function M.enumerate(list, word)
  if #list < 2 then return list[1] or "" end
  return table.concat(list, ", ", 1, #list - 1) .. " " .. (word or "and") .. " " .. list[#list]
end

return M
