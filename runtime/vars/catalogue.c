/* catalogue.c - the variables that the runtime and its steps give a meaning, and which
 * names are secret by themselves. */
#include "vars/vars.h"

#define ENGINE "engine"
#define CONTROL "control"
#define ACTION "action"
#define FACT "fact"

static const struct ts_var_doc catalogue[] = {
    /* what the runtime says; read-only */
    {"_OSDDetectedWinDir", ENGINE, "",
     "Windows folder of the first installation found on the fixed drives, such as "
     "C:\\Windows"},
    {"_OSDDetectedWinDrive", ENGINE, "", "drive of that installation, such as C:"},
    {"_SMSTSAssetTag", ENGINE, "",
     "asset tag of the machine; set by SetDynamicVariables"},
    {"_SMSTSBootUEFI", ENGINE, "", "`true` if the machine started with UEFI"},
    {"_SMSTSCurrentActionName", ENGINE, "", "name of the step or group being worked on"},
    {"_SMSTSDefaultGateways", ENGINE, "",
     "default gateways, with commas; set by SetDynamicVariables"},
    {"_SMSTSIPAddresses", ENGINE, "",
     "IP addresses, with commas; set by SetDynamicVariables"},
    {"_SMSTSInstructionStackString", ENGINE, "",
     "table numbers of the open groups, outermost first, with a blank between two"},
    {"_SMSTSInstructionTableSize", ENGINE, "",
     "number of entries in the table of instructions: one for a step, two for a group"},
    {"_SMSTSInWinPE", ENGINE, "", "`true` while running in WinPE, otherwise `false`"},
    {"_SMSTSLastActionName", ENGINE, "", "name of the last step that ran"},
    {"_SMSTSLastActionRetCode", ENGINE, "",
     "its exit code in decimal; skipped and disabled steps leave it alone.  In "
     "conditions the signed and the unsigned spelling of one code are equal"},
    {"_SMSTSLastActionRetryCount", ENGINE, "0",
     "how often the current step was cut by a restart and started again"},
    {"_SMSTSLastActionSucceeded", ENGINE, "",
     "`true` or `false`: did the last step that ran succeed"},
    {"_SMSTSLaunchMode", ENGINE, "", "how the sequence was started; always `HD`"},
    {"_SMSTSLogPath", ENGINE, "",
     "folder that holds smsts.log now; it moves with the phase"},
    {"_SMSTSMacAddresses", ENGINE, "",
     "MAC addresses, with commas; set by SetDynamicVariables"},
    {"_SMSTSMachineName", ENGINE, "", "name of this computer"},
    {"_SMSTSMake", ENGINE, "", "who made the machine; set by SetDynamicVariables"},
    {"_SMSTSMDataPath", ENGINE, "", "folder for data of the run: the state folder"},
    {"_SMSTSModel", ENGINE, "", "model of the machine; set by SetDynamicVariables"},
    {"_SMSTSNextInstructionPointer", ENGINE, "",
     "number in the table of the entry being worked on, counted from 0"},
    {"_SMSTSOrgName", ENGINE, "",
     "organisation shown with the progress; the one _name that a rules file may set"},
    {"_SMSTSPackageName", ENGINE, "", "name of the running sequence"},
    {"_SMSTSSerialNumber", ENGINE, "",
     "serial number of the machine; set by SetDynamicVariables"},
    {"_SMSTSStandAloneMode", ENGINE, "true",
     "always `true`: no ConfigMgr site takes part in the run"},
    {"_SMSTSType", ENGINE, "", "kind of sequence; always `1`, a general one"},
    {"_SMSTSUUID", ENGINE, "", "SMBIOS UUID of the machine; set by SetDynamicVariables"},
    {"_SMSTSUserStatePath", ENGINE, "",
     "local folder of the state store; kept when the volume is wiped"},
    {"_TSDetectedArchitecture", ENGINE, "",
     "architecture of the Windows in _OSDDetectedWinDir: `amd64`, `x86` or `arm64`"},
    {"_TSRunId", ENGINE, "", "identifier of this run, the same after restarts"},
    {"_TSSecureBoot", ENGINE, "",
     "`Enabled`, `Disabled`, or `NA` where there is none; set by SetDynamicVariables"},
    {"_TSStateDir", ENGINE, "", "state folder of this run"},
    {"_TSVersion", ENGINE, "", "version of taskseq"},

    /* results of CheckReadiness */
    {"_TS_CRADMIN", ENGINE, "", "`1`: the run has an administrator's rights, `0`: not"},
    {"_TS_CRARCH", ENGINE, "", "`1`: the architecture is the wanted one, `0`: it is not"},
    {"_TS_CRDISK", ENGINE, "", "`1`: enough free disk space, `0`: too little"},
    {"_TS_CRMEMORY", ENGINE, "", "`1`: enough memory, `0`: too little"},
    {"_TS_CRPROFILES", ENGINE, "",
     "`1`: there are user profiles on the drive, `0`: none"},
    {"_TS_CRWINDOWS", ENGINE, "", "`1`: there is one Windows to work on, `0`: not"},
    {"_TS_CRWRITABLE", ENGINE, "", "`1`: the drive can be written, `0`: only read"},

    /* what Gather finds out */
    {"Architecture", FACT, "", "architecture that runs: `X64`, `X86` or `ARM64`"},
    {"AssetTag", FACT, "", "asset tag of the machine"},
    {"CapableArchitecture", FACT, "", "architectures the processor could run"},
    {"DefaultGateway001", FACT, "",
     "default gateways, the first one; DefaultGateway002 and on"},
    {"HostName", FACT, "", "name of the machine now"},
    {"IPAddress001", FACT, "", "IP addresses, the first one; IPAddress002 and on"},
    {"IsDesktop", FACT, "", "`True` or `False`; of IsDesktop, IsLaptop, IsServer one is"},
    {"IsHypervisorRunning", FACT, "", "`True`: the system runs on a hypervisor"},
    {"IsLaptop", FACT, "", "`True` or `False`, by the kind of its case"},
    {"IsOnBattery", FACT, "", "`True`: no power from outside"},
    {"IsServer", FACT, "", "`True` or `False`, by the kind of its case"},
    {"IsServerOS", FACT, "", "`True`: the running system is one for servers"},
    {"IsUEFI", FACT, "", "`True`: it started with UEFI"},
    {"IsVM", FACT, "", "`True`: a virtual machine"},
    {"MacAddress001", FACT, "",
     "addresses of network cards, the first one; MacAddress002 and on"},
    {"Make", FACT, "", "who made the machine"},
    {"Memory", FACT, "", "memory in MB"},
    {"Model", FACT, "", "model of the machine"},
    {"OSCurrentBuild", FACT, "", "build number of the running system"},
    {"OSCurrentVersion", FACT, "", "version of the running system"},
    {"OSSKU", FACT, "", "edition number of the running system"},
    {"OSVersion", FACT, "", "`WinPE` there"},
    {"ProcessorSpeed", FACT, "", "highest speed of the processor in MHz"},
    {"Product", FACT, "", "name of the main board"},
    {"SecureBoot", FACT, "", "`Enabled`, `Disabled` or `NA`"},
    {"SerialNumber", FACT, "", "serial number of the machine"},
    {"Supports64Bit", FACT, "", "`True` or `False`"},
    {"SupportsNX", FACT, "", "`True` or `False`"},
    {"SupportsVT", FACT, "", "`True`: the processor can run virtual machines"},
    {"UUID", FACT, "", "SMBIOS UUID of the machine"},
    {"VMPlatform", FACT, "", "`Hyper-V`, `VMware`, `VirtualBox`, `KVM`, `Xen` ..."},

    /* what a step or a program sets to steer the runtime */
    {"OSDDoNotLogCommand", CONTROL, "false",
     "`true` keeps the command lines of steps out of log, events and report"},
    {"SMSTSPostAction", CONTROL, "",
     "command line started at the very end of the run; nobody waits for it"},
    {"SMSTSRebootDelay", CONTROL, "",
     "seconds of notice before a restart asked with SMSTSRebootRequested; no notice "
     "without a person at the screen"},
    {"SMSTSRebootDelayNext", CONTROL, "",
     "the delay of every restart after the next one"},
    {"SMSTSRebootMessage", CONTROL, "", "text of that notice"},
    {"SMSTSRebootRequested", CONTROL, "",
     "`HD` or `WinPE`: restart to there after this step, if the step succeeded.  Emptied "
     "at each start"},
    {"SMSTSRetryRequested", CONTROL, "",
     "any value: run this step again, after the restart if one is requested too.  "
     "Emptied at each start"},
    {"TSBootAppendWinPE", CONTROL, "",
     "words for the command line of the kernel in TSBootKernelWinPE; "
     "`taskseq.phase=WinPE` is added"},
    {"TSBootEntryWinPE", CONTROL, "",
     "entry of systemd-boot that starts WinPE, as `bootctl list` names it; for "
     "`--on-restart reboot` on Linux"},
    {"TSBootInitrdWinPE", CONTROL, "", "the initial RAM disk of TSBootKernelWinPE"},
    {"TSBootKernelWinPE", CONTROL, "",
     "kernel that starts WinPE by kexec, where there is no boot entry; for `--on-restart "
     "reboot` on Linux"},
    {"TSGrubEntryWinPE", CONTROL, "",
     "entry of GRUB's menu that starts WinPE, as `grub-reboot` wants it; for "
     "`--on-restart reboot` on Linux"},
    {"TSLogMaxHistory", CONTROL, "8", "how many rolled log files are kept"},
    {"TSLogMaxSize", CONTROL, "26214400", "bytes at which smsts.log is rolled"},
    {"TSRestartLimit", CONTROL, "5",
     "restarts in a row without a finished step after which the run stops"},

    /* inputs and results of steps */
    {"OSDFreeDiskSpace", ACTION, "",
     "CheckReadiness: least free space on the drive in MB"},
    {"OSDImageIndex", ACTION, "1", "ApplyImage: number of the image inside a WIM file"},
    {"OSDMemory", ACTION, "", "CheckReadiness: least memory in MB"},
    {"OSDStateRequestType", ACTION, "",
     "RequestStateStore: what the store is needed for, `capture` or `restore`"},
    {"OSDStateStorePath", ACTION, "",
     "folder of the state store; CaptureUserState and RestoreUserState use it, "
     "RequestStateStore sets it, ReleaseStateStore empties it"},
    {"OSDTargetSystemDrive", ACTION, "", "drive of the system that was put on the disk"},
    {"ImageMemory", ACTION, "", "Validate: least memory in MB"},
    {"ImageProcessorSpeed", ACTION, "", "Validate: least speed of the processor in MHz"},
    {"ImageSize", ACTION, "", "Validate: space the new system needs, in MB"},
    {"OSInstall", ACTION, "", "`NO` or `N`: Validate fails, this machine stays as it is"},
    {"VerifyOS", ACTION, "", "Validate: kind of the running system, `client`, `server`"},
    {"SMSRebootMessage", ACTION, "", "RestartComputer: text of the notice"},
    {"SMSRebootTarget", ACTION, "",
     "RestartComputer: `WinPE`, or `HD` for the full system"},
    {"SMSRebootTimeout", ACTION, "0", "RestartComputer: seconds of notice"},
    {"WorkingDirectory", ACTION, "", "RunCommandLine: folder to start in"},
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
