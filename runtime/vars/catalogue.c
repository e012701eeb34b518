/* catalogue.c - the variables that the runtime and its steps give a meaning, and which
 * names are secret by themselves. */
#include "vars/vars.h"

#define ENGINE "engine"
#define CONTROL "control"
#define ACTION "action"
#define FACT "fact"

static const struct ts_var_doc catalogue[] = {
    /* ---- what the runtime says; read-only -------------------------------------------
     */
    {"_OSDDetectedWinDir", ENGINE, "",
     "Windows folder of the installation found when WinPE started, such as C:\\Windows"},
    {"_OSDDetectedWinDrive", ENGINE, "", "drive of that installation, such as C:"},
    {"_SMSTSCurrentActionName", ENGINE, "", "name of the step or group being worked on"},
    {"_SMSTSInstructionStackString", ENGINE, "",
     "table numbers of the open groups, outermost first, with a blank between two"},
    {"_SMSTSInstructionTableSize", ENGINE, "",
     "number of entries in the table of instructions: one for a step, two for a group"},
    {"_SMSTSInWinPE", ENGINE, "", "`true` while running in WinPE, otherwise `false`"},
    {"_SMSTSLastActionName", ENGINE, "", "name of the last step that ran"},
    {"_SMSTSLastActionRetCode", ENGINE, "",
     "its exit code in decimal; skipped and disabled steps leave it alone.  In "
     "conditions "
     "the signed and the unsigned spelling of one code are equal"},
    {"_SMSTSLastActionRetryCount", ENGINE, "0",
     "how often the current step was started again"},
    {"_SMSTSLastActionSucceeded", ENGINE, "",
     "`true` or `false`: did the last step that ran succeed"},
    {"_SMSTSLaunchMode", ENGINE, "",
     "how the sequence was started: `SMS` in the full system, `HD` in WinPE"},
    {"_SMSTSLogPath", ENGINE, "",
     "folder that holds smsts.log now; it moves with the phase"},
    {"_SMSTSMachineName", ENGINE, "", "name of this computer when the sequence started"},
    {"_SMSTSMDataPath", ENGINE, "",
     "folder for data of the run on a local volume; kept when the volume is wiped"},
    {"_SMSTSNextInstructionPointer", ENGINE, "",
     "number in the table of the entry being worked on, counted from 0"},
    {"_SMSTSOrgName", ENGINE, "",
     "organisation shown with the progress; the one _name that a rules file may set"},
    {"_SMSTSPackageID", ENGINE, "", "identifier of the running sequence"},
    {"_SMSTSPackageName", ENGINE, "", "name of the running sequence"},
    {"_SMSTSStandAloneMode", ENGINE, "true",
     "always `true`: no ConfigMgr site takes part in the run"},
    {"_SMSTSType", ENGINE, "",
     "`2` if the sequence deploys an operating system, otherwise `1`"},
    {"_SMSTSUserStarted", ENGINE, "",
     "`true` if a person started the run at the machine"},
    {"_SMSTSUserStatePath", ENGINE, "",
     "local folder meant for user state; kept when the volume is wiped"},
    {"_TSDetectedArchitecture", ENGINE, "",
     "architecture of the Windows in _OSDDetectedWinDir: `amd64`, `x86` or `arm64`"},
    {"_TSRunId", ENGINE, "", "identifier of this run, the same after restarts"},
    {"_TSStateDir", ENGINE, "", "state folder of this run"},
    {"_TSVersion", ENGINE, "", "version of taskseq"},

    /* ---- results of CheckReadiness ---------------------------------------------------
     */
    {"_TS_CRACPOWER", ENGINE, "", "`1`: the computer is on mains power, `0`: on battery"},
    {"_TS_CRARCH", ENGINE, "", "`1`: the architecture is the wanted one, `0`: it is not"},
    {"_TS_CRDISK", ENGINE, "", "`1`: enough free disk space, `0`: too little"},
    {"_TS_CRMAXOSVER", ENGINE, "",
     "`1`: the system is not newer than allowed, `0`: it is"},
    {"_TS_CRMEMORY", ENGINE, "", "`1`: enough memory, `0`: too little"},
    {"_TS_CRMINOSVER", ENGINE, "", "`1`: the system is new enough, `0`: it is not"},
    {"_TS_CRNETWORK", ENGINE, "", "`1`: a network is connected, `0`: none is"},
    {"_TS_CROSTYPE", ENGINE, "",
     "`1`: the wanted kind of system (client or server), `0`: the other"},
    {"_TS_CRSPEED", ENGINE, "", "`1`: the processor is fast enough, `0`: too slow"},
    {"_TS_CRUEFI", ENGINE, "", "`1`: started by UEFI, `0`: by a BIOS"},
    {"_TS_CRWIRED", ENGINE, "", "`1`: a wired network is connected, `0`: none is"},

    /* ---- what a step or a program sets to steer the runtime ---------------------------
     */
    {"OSDDoNotLogCommand", CONTROL, "false",
     "`true` keeps the command lines of steps out of log, events and report"},
    {"SMSTSLocalDataDrive", CONTROL, "",
     "drive for the data of the run; set it before the run starts"},
    {"SMSTSPostAction", CONTROL, "",
     "command line started at the very end of the run; nobody waits for it"},
    {"SMSTSRebootDelay", CONTROL, "",
     "seconds of notice before a restart asked with SMSTSRebootRequested; no notice "
     "without a person at the screen"},
    {"SMSTSRebootMessage", CONTROL, "", "text of that notice"},
    {"SMSTSRebootRequested", CONTROL, "",
     "`HD` or `WinPE`: restart to there after this step, if the step succeeded.  Emptied "
     "at each start"},
    {"SMSTSRetryRequested", CONTROL, "",
     "any value: run this step again, after the restart if one is requested too.  "
     "Emptied "
     "at each start"},
    {"TSLogMaxHistory", CONTROL, "8", "how many rolled log files are kept"},
    {"TSLogMaxSize", CONTROL, "26214400", "bytes at which smsts.log is rolled"},
    {"TSRestartLimit", CONTROL, "5",
     "restarts in a row without a finished step after which the run stops"},

    /* ---- inputs and results of steps
       --------------------------------------------------- */
    {"_OSDMigrateOfflineUserState", ACTION, "false",
     "user state: `true` captures from WinPE, out of a Windows that is not running"},
    {"_OSDMigrateUseHardlinks", ACTION, "false",
     "user state: `true` keeps files in place by hard links instead of copying them"},
    {"OSDCheckDeviceUEFI", ACTION, "false", "CheckReadiness: ask for UEFI"},
    {"OSDCheckFreeDiskSpace", ACTION, "false",
     "CheckReadiness: compare OSDFreeDiskSpace"},
    {"OSDCheckMaxOSVersion", ACTION, "false", "CheckReadiness: compare OSDMaxOSVersion"},
    {"OSDCheckMemory", ACTION, "false", "CheckReadiness: compare OSDMemory"},
    {"OSDCheckMinOSVersion", ACTION, "false", "CheckReadiness: compare OSDMinOSVersion"},
    {"OSDCheckNetworkConnected", ACTION, "false", "CheckReadiness: ask for a network"},
    {"OSDCheckNetworkWired", ACTION, "false", "CheckReadiness: ask for a wired network"},
    {"OSDCheckOSArchitecture", ACTION, "false",
     "CheckReadiness: compare OSDOSArchitecture"},
    {"OSDCheckOSType", ACTION, "false", "CheckReadiness: compare OSDOSType"},
    {"OSDCheckPowerState", ACTION, "false", "CheckReadiness: ask for mains power"},
    {"OSDCheckProcessorSpeed", ACTION, "false",
     "CheckReadiness: compare OSDProcessorSpeed"},
    {"OSDFreeDiskSpace", ACTION, "", "CheckReadiness: least free disk space in MB"},
    {"OSDMaxOSVersion", ACTION, "", "CheckReadiness: newest version allowed"},
    {"OSDMemory", ACTION, "", "CheckReadiness: least memory in MB"},
    {"OSDMigrateAdditionalCaptureOptions", ACTION, "",
     "CaptureUserState: more options for the capture's command line"},
    {"OSDMigrateAdditionalRestoreOptions", ACTION, "",
     "RestoreUserState: more options for the restore's command line"},
    {"OSDMigrateConfigFiles", ACTION, "",
     "user state: rule files, with commas between, where OSDMigrateMode is `Advanced`"},
    {"OSDMigrateContinueOnLockedFiles", ACTION, "true",
     "CaptureUserState: go on when a file cannot be read, and list it"},
    {"OSDMigrateContinueOnRestore", ACTION, "true",
     "RestoreUserState: go on when a file cannot be restored, and list it"},
    {"OSDMigrateEnableVerboseLogging", ACTION, "false", "user state: log every file"},
    {"OSDMigrateFileAccess", ACTION, "Normal",
     "CaptureUserState: `Normal`, or `VSS` to read from a snapshot"},
    {"OSDMigrateLocalAccounts", ACTION, "false",
     "RestoreUserState: `true` makes local accounts that are missing"},
    {"OSDMigrateLocalAccountPassword", ACTION, "",
     "RestoreUserState: password of accounts made that way (secret)"},
    {"OSDMigrateMode", ACTION, "Simple",
     "user state: `Simple` for the usual rules, `Advanced` for OSDMigrateConfigFiles"},
    {"OSDMigrateSkipEncryptedFiles", ACTION, "false",
     "CaptureUserState: leave EFS files behind"},
    {"OSDMinOSVersion", ACTION, "", "CheckReadiness: oldest version allowed"},
    {"OSDOSArchitecture", ACTION, "", "CheckReadiness: wanted architecture"},
    {"OSDOSType", ACTION, "", "CheckReadiness: `client` or `server`"},
    {"OSDProcessorSpeed", ACTION, "", "CheckReadiness: least processor speed in MHz"},
    {"OSDStateStorePath", ACTION, "",
     "folder of the state store; CaptureUserState and RestoreUserState use it, "
     "RequestStateStore sets it, ReleaseStateStore empties it"},
    {"OSDTargetSystemDrive", ACTION, "", "drive of the system that was put on the disk"},
    {"SMSRebootMessage", ACTION, "", "RestartComputer: text of the notice"},
    {"SMSRebootTimeout", ACTION, "0", "RestartComputer: seconds of notice"},
    {"WorkingDirectory", ACTION, "", "RunCommandLine: folder to start in"},

    /* ---- what Gather finds out
       --------------------------------------------------------- */
    {"Architecture", FACT, "",
     "processor architecture of the running system: `X86`, `X64`"},
    {"AssetTag", FACT, "", "asset tag in the firmware"},
    {"DefaultGateway001", FACT, "", "first default gateway; 002 the next, and so on"},
    {"HostName", FACT, "", "name of this computer"},
    {"IPAddress001", FACT, "", "first network address; 002 the next, and so on"},
    {"IsDesktop", FACT, "", "`True` if the case is a desktop's, otherwise `False`"},
    {"IsLaptop", FACT, "", "`True` if the case is a laptop's, otherwise `False`"},
    {"IsServer", FACT, "", "`True` if the case is a server's, otherwise `False`"},
    {"IsUEFI", FACT, "", "`True` if started by UEFI, otherwise `False`"},
    {"IsVM", FACT, "", "`True` in a virtual machine, otherwise `False`"},
    {"MACAddress001", FACT, "",
     "first network adapter's address; 002 the next, and so on"},
    {"Make", FACT, "", "manufacturer of the computer"},
    {"Memory", FACT, "", "memory in MB"},
    {"Model", FACT, "", "model of the computer"},
    {"OSCurrentBuild", FACT, "", "build of the running system"},
    {"OSCurrentVersion", FACT, "", "version of the running system"},
    {"OSVersion", FACT, "", "`WinPE` in WinPE, otherwise the kind of the running system"},
    {"ProcessorSpeed", FACT, "", "processor speed in MHz"},
    {"Product", FACT, "", "product name of the main board"},
    {"SerialNumber", FACT, "", "serial number of the computer"},
    {"UUID", FACT, "", "identifier of the machine in the firmware"},
    {"VMPlatform", FACT, "", "kind of virtual machine, empty on a real one"},
};

const struct ts_var_doc *ts_vars_catalogue(size_t *n)
{
    *n = sizeof catalogue / sizeof catalogue[0];
    return catalogue;
}

static bool is_one_of(ts_str name, const char *const *patterns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ts_str_like(name, ts_str_of(patterns[i]))) {
            return true;
        }
    }
    return false;
}

bool ts_var_name_secret(ts_str name)
{
    static const char *const secret[] = {
        "*Password*",      "*Secret*", "*Key",    "BDEPin",
        "OSDBitLockerPIN", "DBPwd",    "_OSDOAF", "_SMSTSReserved?-000",
    };
    /* Switches and places whose names only look so.  Taking SkipProductKey=YES for a
     * secret would hide every YES in every log. */
    static const char *const open[] = {
        "Skip*",
        "OSDRandomAdminPassword",
        "OSDBitLockerCreateRecoveryPassword",
        "BDERecoveryKey",
    };
    return is_one_of(name, secret, sizeof secret / sizeof secret[0]) &&
           !is_one_of(name, open, sizeof open / sizeof open[0]);
}
