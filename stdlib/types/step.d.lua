---@meta
-- What a step file returns.

---@alias ts.ParamType "string"|"path"|"integer"|"boolean"|"enum"|"list"|"command"|"duration"|"map"|"condition"|"rules"
---@alias ts.OnInterrupt "rerun"|"skip"|"fail"
---@alias ts.Phase "any"|"WinPE"|"FullOS"

--- One property of a step. `run` gets string, path, enum, condition as a string, integer as an
--- integer, duration as an integer of milliseconds, boolean as a boolean, list as a list of
--- strings, command as a string or a list of strings, map as a table of strings.
---@class ts.Param
---@field name? string needed in a list of parameters; in a map of them the key is the name
---@field type ts.ParamType
---@field doc string one line for the manual
---@field required? boolean
---@field default? string|integer|boolean not together with `required`
---@field variable? string a variable of the run that overrides the property
---@field choices? string[] of an enum
---@field secret? boolean the value is hidden wherever it is shown
---@field expand? boolean false: %Name% stays as it is

---@class ts.StepDef
---@field summary string one line without a full stop
---@field doc? string more, for the manual
---@field onInterrupt ts.OnInterrupt what to do with a step that a crash cut
---@field runsCommand? boolean its exit code is a program's: success codes default to 0 and 3010
---@field successCodes? integer[]
---@field restartCodes? integer[] codes that count as success and ask for a restart
---@field phase? ts.Phase where it can run at all
---@field params? ts.Param[]|table<string, ts.Param> a list keeps its order in the manual
---@field run fun(p: table, host: ts.Host): true|nil, integer|string|nil, integer|string|nil

-- run() answers one of:
--   true                  it succeeded
--   true, code            it ended with this exit code; the success codes judge it
--   nil, message          it failed
--   nil, message, code    it failed with this exit code, or for the reason a host function named
