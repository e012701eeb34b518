local path = require "ts.path"

local NOT_FOUND = -2147024894

--- Connect a folder of the network.
---@class ts.steps.ConnectNetworkFolder: ts.StepDef
local M = {
  summary = "Connect a folder of the network, under a drive letter",
  doc = "On Linux a share (\\\\server\\folder) is mounted with mount.cifs, which has to be installed, into a folder "
    .. "of the run; with `drive` the letter stands for it until the next restart. A local folder can be given a letter "
    .. "in the same way, which is how a sequence for a share is tried in the lab. The password should come from an "
    .. "input that is secret; it reaches mount.cifs in a private file and no command line. On Windows the folder is "
    .. "connected with `net use`; another account than the run's own is not supported there.",
  onInterrupt = "rerun",
  params = {
    { name = "path", type = "string", required = true, variable = "SMSConnectNetworkFolderPath",
      doc = "Share such as \\\\server\\folder, or a local folder" },
    { name = "drive", type = "string", variable = "SMSConnectNetworkFolderDriveLetter",
      doc = "Letter, as in Z:; on Linux needed unless the folder is a local one" },
    { name = "account", type = "string", variable = "SMSConnectNetworkFolderAccount",
      doc = "Account, as in DOMAIN\\user; by default none (Linux) or the run's own (Windows)" },
    { name = "password", type = "string", secret = true, variable = "SMSConnectNetworkFolderPassword",
      doc = "Password of the account" },
  },
}

---@param p table
---@param host ts.Host
local function connect_windows(p, host)
  if (p.account or "") ~= "" then
    return nil, "another account cannot be given on Windows: connect as the run's own, or with a RunCommandLine",
      "not supported"
  end
  local command = { "net", "use" }
  if p.drive then command[3] = p.drive end
  command[#command + 1] = p.path
  command[#command + 1] = "/persistent:no"
  local exit, err, code = host.run { command = command }
  if not exit then return nil, err, code end
  return true, exit
end

--- A file with the account, readable by the run alone.
---@param p table
---@param host ts.Host
local function credentials(p, host)
  local domain, user = p.account:match("^([^\\]+)\\(.+)$")
  local lines = { "username=" .. (user or p.account), "password=" .. (p.password or "") }
  if domain then lines[3] = "domain=" .. domain end
  for _, line in ipairs(lines) do
    if line:find("[\r\n]") then return nil, "an account or password with a line break cannot be used" end
  end
  return host.temp_file(table.concat(lines, "\n") .. "\n", ".conf")
end

--- Mount a share into a folder of the run.
---@param p table
---@param host ts.Host
---@param letter string
---@return string? folder
---@return string? err
---@return any code
local function mount(p, host, letter)
  if not host.state_dir then return nil, "a share can be mounted only where the run has a folder of its own" end
  local folder = host.fs.join(host.state_dir, "net", letter)
  local ok, err, code = host.fs.mkdir(folder)
  if not ok then return nil, err, code end
  local options = "guest"
  if (p.account or "") ~= "" then
    local file
    file, err, code = credentials(p, host)
    if not file then return nil, err, code end
    options = "credentials=" .. file
  end
  local share = p.path:gsub("\\", "/")
  local exit
  exit, err, code = host.run { command = { "mount.cifs", share, folder, "-o", options } }
  if not exit and code == NOT_FOUND then
    return nil, ("cannot connect %s: mount.cifs is not installed; install it (cifs-utils), or mount the share yourself "
      .. "and give its folder as `path`"):format(p.path), "not supported"
  end
  if not exit then return nil, err, code end
  if exit ~= 0 then return nil, ("cannot connect %s: mount.cifs ended with %d"):format(p.path, exit), exit end
  return folder
end

---@param p table
---@param host ts.Host
---@return string? folder
---@return string? err
---@return any code
local function local_folder(p, host)
  local there, err, code = host.fs.is_folder(p.path)
  if there == nil then return nil, err, code end
  if not there then return nil, ("there is no folder %s"):format(p.path), -2147024893 end
  return p.path
end

---@param p table
---@param host ts.Host
function M.run(p, host)
  local share = path.is_share(p.path)
  if not share and not path.is_absolute(p.path) then
    return nil, ("%s is neither a share such as \\\\server\\folder nor a full path"):format(p.path)
  end
  local letter = p.drive and p.drive:match("^%s*(%a):?\\?%s*$")
  if p.drive and not letter then return nil, ("%s is no drive letter such as Z:"):format(p.drive) end
  if host.system.platform == "windows" and share then return connect_windows(p, host) end
  if share and not letter then
    return nil, "a share needs `drive` on Linux: the letter under which the steps find it", "not supported"
  end

  local folder, err, code
  if share then
    folder, err, code = mount(p, host, letter:upper())
  else
    folder, err, code = local_folder(p, host)
  end
  if not folder then return nil, err, code end
  if not letter then return true end
  local ok
  ok, err, code = host.map_drive(letter:upper() .. ":", folder)
  if not ok then return nil, ("cannot give %s the letter %s: %s"):format(p.path, p.drive, err), code end
  host.log(("%s is %s: until the next restart"):format(letter:upper() .. ":", p.path))
  return true
end

return M
