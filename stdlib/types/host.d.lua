---@meta
-- The host: everything a step can do. A function that can fail as expected answers nil, a message
-- (one sentence, lower case, no full stop), and the name of a code; wrong arguments raise an error.
-- Paths are those of sequences: "C:\Folder" on every platform where the drive is known, or native.

---@alias ts.CodeName
---| "bad input" # the argument is wrong: an unknown drive, a text that cannot be read
---| "system error" # the system failed and no other name fits
---| "not found"
---| "exists already"
---| "not allowed" # no right to, or read-only
---| "no space"
---| "in use" # by another program; can go after a restart
---| "cancelled" # by the user: the step is to end
---| "timed out" # the step's time limit: it is to end
---| "not supported" # on this platform, volume or file system
---| "other volume" # a link across volumes
---| "limit reached"
---| "damaged" # stored data fails its checks
---| "refused" # for safety; the message says how to go on
---| "link in the way" # a link stands where none may be followed

---@class ts.Host
---@field vars ts.Vars
---@field fs ts.Fs
---@field image ts.Image
---@field store ts.Store
---@field phase "WinPE"|"FullOS" the phase now
---@field machine string id of this machine
---@field run_id string id of the run
---@field state_dir string? native folder of the run's own record; nil when it is kept in memory
---@field log_dir string? native folder of the logs now; nil when none are written
---@field sequence_dir string? native folder of the sequence
---@field attempt integer 1, 2, ...
---@field interrupted boolean an earlier attempt at this step was cut by a crash or a power loss
---@field system ts.System
local host = {}

---@class ts.System
---@field memory_mb integer
---@field processors integer
---@field architecture string "x86_64", "aarch64" ...
---@field platform "posix"|"windows"
---@field name string of the machine
---@field admin boolean the run has an administrator's rights

--- Write one line to the log.
---@param text string
function host.log(text) end

--- Write one line to the log, marked as a warning.
---@param text string
function host.warn(text) end

--- Write one line to the log that only people who look for details want.
---@param text string
function host.verbose(text) end

--- Tell how far the step is.
---@param percent number? nil when that is not known
---@param text string what is being done
function host.progress(percent, text) end

--- Wait. Programs of the run can read and set variables meanwhile.
---@param ms integer
---@return true? ok nil when the step is to end
---@return string? err
---@return ts.CodeName? code
function host.sleep(ms) end

-- ---- programs ---------------------------------------------------------------------------

---@class ts.Run
---@field command string|string[] a command line, or program and arguments
---@field startIn? string folder; by default the package's, else the sequence's
---@field package? string name; by default the step's own
---@field input? string text for standard input; by default the step's own
---@field env? table<string, string> added to the step's own
---@field runAs? string user; by default the step's own
---@field hide? boolean keep the command line out of the log
---@field capture? boolean answer the last 1,000 characters of standard output

--- Run a program to its end, under the step's time limit; its output goes to the log.
---@param options ts.Run
---@return integer? exit its exit code
---@return string? output with `capture`; the message when exit is nil
---@return integer|ts.CodeName|nil code of a failure: an exit code that stands for it, else a name
function host.run(options) end

--- The arguments that a command line stands for, by the rule of CommandLineToArgvW.
---@param text string
---@return string[]
function host.split_command(text) end

--- Native folder of a package of the sequence.
---@param name string? the step's own package when left out
---@return string? folder nil without a message: the step has no package
---@return string? err
---@return ts.CodeName? code
function host.package(name) end

--- Write a private file for a program; it is deleted when the step ends.
---@param text string
---@param suffix string such as ".ps1"
---@return string? path native
---@return string? err
---@return ts.CodeName? code
function host.temp_file(text, suffix) end

-- ---- facts and rules --------------------------------------------------------------------

---@class ts.Facts
---@field variables table<string, string> with the names of MDT: Make, Model, MacAddress001 ...
---@field classes table<string, table<string, any>[]> rows of WMI classes

--- What the machine is.
---@return ts.Facts? facts nil when nobody knows
function host.facts() end

--- Make the facts variables of the run. Those that have a stronger value keep it.
---@return integer? n how many
---@return string? err
---@return ts.CodeName? code
function host.gather_facts() end

---@class ts.Gathered
---@field file string
---@field set { name: string, value: string, secret: boolean, section: string, line: integer }[]
---@field notes { text: string, section: string, line: integer }[] what was met and not done

--- Work through a rules file and set the variables it says.
---@param path string
---@return ts.Gathered?
---@return string? err
---@return ts.CodeName? code
function host.gather(path) end

--- Does a condition hold now?
---@param condition string|table
---@return boolean? holds
---@return string? err
---@return ts.CodeName? code
function host.condition(condition) end

--- Set _SMSTSMake, _SMSTSModel and the other hardware variables. For the step library.
---@return true
function host.hardware_variables() end

-- ---- the machine ------------------------------------------------------------------------

---@class ts.Volume
---@field letter string? "C:"; nil for a volume without one
---@field volume string id that survives restarts and changes of letters where the system has one
---@field fixed boolean a local disk that keeps what is written: no RAM drive, no share, no stick
---@field readonly boolean
---@field fstype string
---@field total integer bytes
---@field free integer bytes

--- The volume that a path is on, or would be on.
---@param path string
---@return ts.Volume?
---@return string? err
---@return ts.CodeName? code
function host.volume(path) end

--- Every drive that can be opened, by letter. Empty on a Linux machine without mapped drives.
---@return ts.Volume[]
function host.drives() end

--- Let a free drive letter stand for a local folder, until the next restart. Not on Windows.
---@param letter string "Z:"
---@param folder string
---@return true?
---@return string? err
---@return ts.CodeName? code "exists already": the letter stands for something else
function host.map_drive(letter, folder) end

---@class ts.Windows
---@field drive string "C:"
---@field dir string "C:\Windows"
---@field architecture string "amd64", "x86", "arm64", "" if unknown

--- The Windows installations on fixed drives.
---@return ts.Windows[]?
---@return string? err
---@return ts.CodeName? code
function host.windows() end

---@class ts.Profile
---@field name string folder name: the user
---@field path string
---@field orphan boolean no account belongs to it
---@field public boolean
---@field why string of an orphan

--- The user profiles of the Windows on a drive.
---@param drive string? nil: the homes of this Linux system
---@return ts.Profile[]?
---@return string? err
---@return ts.CodeName? code
function host.profiles(drive) end

--- From here on no step deletes this folder or what is in it.
---@param path string
---@return true?
---@return string? err
---@return ts.CodeName? code
function host.protect(path) end

--- Move the run's own record from a RAM drive to the drive of this path.
---@param path string
---@return true?
---@return string? err
---@return ts.CodeName? code
function host.settle_state(path) end

-- ---- variables --------------------------------------------------------------------------

---@class ts.Vars
local vars = {}

--- Names are without regard to case.
---@param name string
---@return string? value nil when there is no such variable
function vars.get(name) end

---@param name string
---@return boolean
function vars.exists(name) end

--- Set a variable. The empty text deletes it; names with a leading underscore are refused; a
--- value that holds a secret is secret itself.
---@param name string
---@param value string
---@param options? { secret: boolean? }
---@return true?
---@return string? err
---@return ts.CodeName? code
function vars.set(name, value, options) end

---@param name string
---@return true?
---@return string? err
---@return ts.CodeName? code
function vars.delete(name) end

--- The text with every %Name% replaced. A step's properties are expanded already.
---@param text string
---@return string
function vars.expand(text) end

--- State a fact under a name of the runtime's (_TS_CR..., _SMSTSUserStatePath). For the step
--- library alone: other steps get an error.
---@param name string
---@param value string
---@return true
function vars.fact(name, value) end

-- ---- files ------------------------------------------------------------------------------

---@class ts.Fs
local fs = {}

---@alias ts.FileType "file"|"folder"|"link"|"other"

--- Is there anything at this path? A link counts, wherever it points.
---@param path string
---@return boolean? there nil when it cannot be told
---@return string? err
---@return ts.CodeName? code
function fs.exists(path) end

---@param path string
---@return boolean?
---@return string? err
---@return ts.CodeName? code
function fs.is_file(path) end

---@param path string
---@return boolean?
---@return string? err
---@return ts.CodeName? code
function fs.is_folder(path) end

---@class ts.Stat
---@field type ts.FileType
---@field size integer bytes
---@field links integer names the file has
---@field modified integer milliseconds since 1970 UTC

---@param path string
---@return ts.Stat?
---@return string? err
---@return ts.CodeName? code
function fs.stat(path) end

--- A whole file.
---@param path string
---@param max integer? bytes at most; 16 MiB when left out
---@return string?
---@return string? err
---@return ts.CodeName? code
function fs.read(path, max) end

--- Make a file hold exactly this text, at once: a crash leaves the old or the new content.
---@param path string
---@param text string
---@return true?
---@return string? err
---@return ts.CodeName? code
function fs.write(path, text) end

---@param path string
---@param text string
---@return true?
---@return string? err
---@return ts.CodeName? code
function fs.append(path, text) end

--- Make a folder and what is missing above it.
---@param path string
---@return true?
---@return string? err
---@return ts.CodeName? code
function fs.mkdir(path) end

---@class ts.Copy
---@field from string file, folder (its content), or a last part with wildcards
---@field to string
---@field overwrite? boolean else a file that is there is a failure ("exists already")
---@field recurse? boolean folders inside too

---@class ts.Counts
---@field files integer
---@field bytes integer

---@param options ts.Copy
---@return ts.Counts?
---@return string? err
---@return ts.CodeName? code
function fs.copy(options) end

--- Delete a file, a folder, or what matches wildcards in the last part. Absent is fine.
---@param path string
---@param options? { recurse: boolean? }
---@return integer? files how many
---@return string? err
---@return ts.CodeName? code
function fs.delete(path, options) end

--- Parts as one path, with the separator of the first.
---@param first string
---@param ... string
---@return string
function fs.join(first, ...) end

--- What programs of this system call the path: "/mnt/windows/Temp" for "C:\Temp" on Linux.
---@param path string
---@return string?
---@return string? err
---@return ts.CodeName? code
function fs.native(path) end

--- What is in a folder, by name.
---@param folder string
---@return { name: string, type: ts.FileType }[]?
---@return string? err
---@return ts.CodeName? code
function fs.list(folder) end

-- ---- images -----------------------------------------------------------------------------

---@class ts.Image
local image = {}

--- Put an image onto a drive or into a folder. Protected folders are kept.
---@param options { source: string, target: string, index: integer? }
---@return ts.Counts?
---@return string? err
---@return ts.CodeName? code
function image.apply(options) end

-- ---- user state -------------------------------------------------------------------------

---@class ts.Store
local store = {}

---@alias ts.StoreState "capturing"|"complete"|"wiping"|"restored"|"verified"|"removing"

---@class ts.Totals
---@field profiles integer
---@field orphans integer profiles without an account
---@field folders integer
---@field files integer
---@field links integer
---@field copies integer
---@field symlinks integer
---@field bytes integer
---@field copied_bytes integer
---@field skipped integer left out by rules
---@field unreadable integer
---@field special integer sockets, devices and pipes left out
---@field conflicts integer existing files kept under another name by a restore
---@field pending integer what waits for a restart to be removed
---@field added integer by an update
---@field changed integer by an update
---@field deleted integer by an update
---@field elapsed_ms integer

---@class ts.StoreInfo
---@field state ts.StoreState
---@field id string
---@field machine string id of the machine it was captured on
---@field created integer milliseconds since 1970 UTC
---@field totals ts.Totals

--- A store on the volume of this path that still holds state.
---@param path string
---@return string|false|nil store false: there is none
---@return string? err
---@return ts.CodeName? code
function store.find(path) end

---@param path string folder of the store
---@return ts.StoreInfo?
---@return string? err
---@return ts.CodeName? code "not found": no store is there
function store.info(path) end

---@class ts.Capture
---@field store string
---@field drive? string of the Windows; nil: the homes of this Linux system
---@field extra? string[] more folders
---@field rules? string lines of rules
---@field rulesName? string what messages call them
---@field skipUnreadable? boolean
---@field copy? boolean
---@field overwrite? boolean replace a store that was released or never completed
---@field force? boolean with overwrite: also one that still holds state
---@field threads? integer

---@param options ts.Capture
---@return ts.Totals?
---@return string? err
---@return ts.CodeName? code
function store.capture(options) end

--- Bring a complete store up to date.
---@param options ts.Capture
---@return ts.Totals?
---@return string? err
---@return ts.CodeName? code
function store.update(options) end

--- Every entry is in the store as it was recorded. What is not is listed in the log.
---@param path string
---@return true?
---@return string? err
---@return ts.CodeName? code
function store.verify(path) end

--- The sources hold nothing that the store does not.
---@param path string
---@return true?
---@return string? err
---@return ts.CodeName? code
function store.verify_source(path) end

---@param options { store: string, drive: string?, users: string[]?, threads: integer? }
---@return ts.Totals?
---@return string? err
---@return ts.CodeName? code
function store.restore(options) end

--- Every entry was found under its restored name.
---@param path string
---@return true?
---@return string? err
---@return ts.CodeName? code
function store.verify_restored(path) end

--- Remove a store that was verified as restored.
---@param path string
---@param options? { force: boolean? }
---@return ts.Totals?
---@return string? err
---@return ts.CodeName? code
function store.remove(path, options) end

--- Delete everything on a volume except what is protected, after the proof that the store holds it.
---@param options { drive: string, store: string?, keep: string[]?, withoutStore: boolean? }
---@return ts.Totals?
---@return string? err
---@return ts.CodeName? code
function store.wipe(options) end

host.vars, host.fs, host.image, host.store = vars, fs, image, store

return host
