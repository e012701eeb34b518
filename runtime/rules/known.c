/* known.c - the properties that MDT's own rules know, lists without their number. */
#include "rules/ruleset_internal.h"

#include <string.h>

/* '*' and '?' stand for any text and any sign. */
static const char *const known[] = {
    /* what gathering finds out */
    "AssetTag",
    "SerialNumber",
    "UUID",
    "MacAddress",
    "IPAddress",
    "DefaultGateway",
    "Make",
    "Model",
    "Product",
    "Memory",
    "ProcessorSpeed",
    "Architecture",
    "CapableArchitecture",
    "HostName",
    "Is*",
    "VMPlatform",
    "VMHost",
    "VMName",
    "Supports*",
    "OSVersion*",
    "OSCurrent*",
    "OSSKU",
    "OSArchitecture",
    "HALName",
    /* the run */
    "Phase",
    "DeploymentMethod",
    "DeploymentType",
    "TaskSequence*",
    "BuildID",
    "Deploy*",
    "Resource*",
    "ToolRoot",
    "ScriptRoot",
    "Debug",
    "LTI*",
    "Language",
    "Priority",
    "Properties",
    "Location",
    "Role",
    "UserExit",
    "Subsection",
    /* where rules come from */
    "SQLServer",
    "Instance",
    "Port",
    "Database",
    "Table",
    "StoredProcedure",
    "Parameters",
    "ParameterCondition",
    "Order",
    "NetLib",
    "SQLShare",
    "DBID",
    "DBPwd",
    "WebService",
    /* accounts */
    "UserID",
    "UserDomain",
    "UserPassword",
    "AdminPassword",
    "Domain*",
    "ValidateDomainCredentialsUNC",
    "SMSTS*",
    "_SMSTSOrgName",
    /* the new system */
    "OSD*",
    "ComputerName",
    "JoinDomain",
    "JoinWorkgroup",
    "MachineObjectOU",
    "Administrators",
    "PowerUsers",
    "Groups",
    "CaptureGroups",
    "FullName",
    "OrgName",
    "ProductKey",
    "OverrideProductKey",
    "TimeZone*",
    "UILanguage",
    "UserLocale",
    "SystemLocale",
    "KeyboardLocale",
    "InputLocale",
    "Home_Page",
    "BitsPerPel",
    "XResolution",
    "YResolution",
    "VRefresh",
    "AreaCode",
    "CountryCode",
    "Dialing",
    "LongDistanceAccess",
    "Country*",
    "GeoID",
    /* disk and image */
    "Destination*",
    "OSDisk",
    "DoNotCreateExtraPartition",
    "DoNotFormatAndPartition",
    "ForceApplyFallback",
    "OSInstall",
    "PrepareWinRE",
    "ImagePackageID",
    "InstallPackageID",
    "OSGUID",
    "ImageSize",
    "ImageMemory",
    "ImageProcessorSpeed",
    "VerifyOS",
    /* content */
    "Driver*",
    "CustomDriverSelectionProfile",
    "PackageSelectionProfile",
    "CustomPackageSelectionProfile",
    "PackageGroup",
    "LanguagePacks",
    "Packages",
    "Applications",
    "MandatoryApplications",
    "ApplicationSuccessCodes",
    "WizardSelectionProfile",
    "CustomWizardSelectionProfile",
    "SkipGroupSubFolders",
    /* user state and backup */
    "UserDataLocation",
    "UDDir",
    "UDShare",
    "UDProfiles",
    "ScanStateArgs",
    "LoadStateArgs",
    "USMT*",
    "Backup*",
    "ComputerBackupLocation",
    "StatePath",
    "UserExit",
    /* BitLocker, capture, roles, servers, virtual disks, updates */
    "BDE*",
    "TPM*",
    "DoCapture",
    "OSRoles",
    "OSRoleServices",
    "OSFeatures",
    "OSRoleIndex",
    "UninstallOS*",
    "ADDS*",
    "Replica*",
    "NewDomain*",
    "DomainLevel",
    "ForestLevel",
    "SafeModeAdminPassword",
    "SiteName",
    "DatabasePath",
    "SysVolPath",
    "LogPath",
    "ParentDomainDNSName",
    "ChildName",
    "CriticalReplicationOnly",
    "AutoConfigDNS",
    "ConfirmGC",
    "DHCP*",
    "DNS*",
    "VHD*",
    "WSUSServer",
    "WUMU_*",
    "WDSServer",
    "WindowsSource",
    "WipeDisk",
    "VSSMaxSize",
    /* end, screen, log */
    "SLShare*",
    "EventShare",
    "EventService",
    "FinishAction",
    "HideShell",
    "DisableTaskMgr",
    "ApplyGPOPack",
    "GPOPackPath",
    "Skip*",
    "KeyboardLocalePE",
    "WelcomeWizard*",
};

bool rule_known_property(ts_str name)
{
    ts_str base = name;

    while (base.n > 0 && base.p[base.n - 1] >= '0' && base.p[base.n - 1] <= '9') {
        base.n--;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (ts_str_like(base, ts_str_of(known[i])) ||
            ts_str_caseeq(name, ts_str_of(known[i]))) {
            return true;
        }
    }
    return false;
}

const char *rule_suggest(ts_str name)
{
    const char *names[sizeof known / sizeof known[0]];
    size_t n = 0;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!strchr(known[i], '*')) {
            names[n++] = known[i];
        }
    }
    return ts_str_suggest(name, names, n);
}
