/* wincode.c - what Windows' error numbers mean, in our words. */
#include "base/err.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct wincode {
    uint32_t code;
    const char *text;
};

/* Win32 codes; sorted. */
static const struct wincode win32_codes[] = {
    {1, "the function is not valid here"},
    {2, "the system cannot find the file specified"},
    {3, "the system cannot find the path specified"},
    {4, "too many files are open"},
    {5, "access is denied"},
    {6, "the handle is not valid"},
    {8, "not enough memory for this command"},
    {11, "the program has an incorrect format"},
    {13, "the data is not valid"},
    {14, "not enough memory for this operation"},
    {15, "the system cannot find the drive"},
    {17, "the file cannot be moved to another drive"},
    {18, "there are no more files"},
    {19, "the medium is write-protected"},
    {21, "the device is not ready"},
    {31, "a device attached to the system does not work"},
    {32, "the file is in use by another process"},
    {33, "part of the file is locked by another process"},
    {38, "the end of the file was reached"},
    {39, "the disk is full"},
    {50, "the request is not supported"},
    {51, "the remote computer cannot be reached"},
    {53, "the network path was not found"},
    {54, "the network is busy"},
    {59, "an unexpected network error occurred"},
    {64, "the network name is no longer available"},
    {65, "network access is denied"},
    {67, "the network name cannot be found"},
    {80, "the file exists"},
    {82, "the folder or file cannot be made"},
    {86, "the network password is not correct"},
    {87, "a parameter is not correct"},
    {109, "the pipe has been ended"},
    {110, "the device or file cannot be opened"},
    {111, "the file name is too long"},
    {112, "there is not enough space on the disk"},
    {120, "this function is not supported on this system"},
    {121, "the semaphore's time limit was reached"},
    {122, "the data area passed to a system call is too small"},
    {123, "the name of the file, folder or volume is not valid"},
    {126, "the module cannot be found"},
    {127, "the procedure cannot be found"},
    {128, "there are no child processes to wait for"},
    {145, "the folder is not empty"},
    {161, "the path is not valid"},
    {170, "the resource is in use"},
    {183, "a file or folder of that name exists already"},
    {193, "it is not a valid Windows program"},
    {206, "the file name or its extension is too long"},
    {216, "the program is not for this version of Windows"},
    {258, "the wait reached its time limit"},
    {259, "no more data is available"},
    {267, "the folder name is not valid"},
    {487, "the address is not valid"},
    {740, "the operation needs the rights of an administrator"},
    {995, "the operation was stopped at the request of its thread or program"},
    {997, "an overlapped operation is going on"},
    {998, "access to a memory location is not valid"},
    {1053, "the service did not answer the request in time"},
    {1056, "the service is running already"},
    {1058, "the service is disabled"},
    {1060, "the service is not installed"},
    {1062, "the service has not been started"},
    {1115, "the system is shutting down"},
    {1117, "the device reported an input or output error"},
    {1142, "the file has as many links as the file system allows"},
    {1167, "the device is not connected"},
    {1168, "the element was not found"},
    {1190, "a shutdown is planned already"},
    {1219, "the server is connected already under another user name"},
    {1222, "there is no network, or it was not started"},
    {1223, "the operation was cancelled by the user"},
    {1231, "the network location cannot be reached"},
    {1314, "a needed privilege is not held"},
    {1326, "the user name or password is not correct"},
    {1327, "account restrictions prevent this logon"},
    {1331, "the account is disabled"},
    {1355, "the domain does not exist or cannot be reached"},
    {1392, "the file or folder is damaged and cannot be read"},
    {1450, "the system lacks the resources for this request"},
    {1460, "the time limit was reached"},
    {1601, "the Windows Installer service cannot be reached"},
    {1602, "the user cancelled the installation"},
    {1603, "a fatal error occurred during the installation"},
    {1604, "the installation is suspended, not complete"},
    {1605, "the product is not installed"},
    {1608, "the property is unknown"},
    {1610, "the configuration data of the product is damaged"},
    {1612, "the installation source of the product is not available"},
    {1613, "the package needs a newer Windows Installer service"},
    {1614, "the product is uninstalled"},
    {1618, "another installation is in progress"},
    {1619, "the installation package cannot be opened"},
    {1620, "the installation package is not valid"},
    {1622, "the log file of the installation cannot be opened"},
    {1624, "a transform of the installation cannot be applied"},
    {1625, "the installation is forbidden by policy"},
    {1633, "the installation package is not for this processor type"},
    {1636, "the update package cannot be opened"},
    {1638, "another version of the product is installed already"},
    {1639, "the command line of the installer is not valid"},
    {1641, "the installer has started a restart"},
    {1642, "the update does not apply to what is installed"},
    {1722, "the remote server is not available"},
    {3010, "a restart is needed to complete the work"},
    {3017, "a restart is needed to undo the failed work"},
    {4390, "the file or folder is not a reparse point"},
    {5023, "the group or resource is not in the right state for this"},
};

/* HRESULTs of other facilities; sorted. */
static const struct wincode hresults[] = {
    {0x80004001, "not implemented"},
    {0x80004002, "no such interface is supported"},
    {0x80004003, "the pointer is not valid"},
    {0x80004004, "the operation was aborted"},
    {0x80004005, "unspecified error"},
    {0x8000FFFF, "unexpected failure"},
    {0x80010108, "the object has disconnected from its clients"},
    {0x80020009, "an exception occurred"},
    {0x80040154, "the class is not registered"},
    {0x800401F3, "the class name is not valid"},
    {0x80041002, "the object of the management service was not found"},
    {0x80041003, "access is denied by the management service"},
    {0x8004100E, "the namespace of the management service is not valid"},
    {0x80041010, "the class of the management service is not valid"},
    {0x80041017, "the query for the management service is not valid"},
    {0x80072EE2, "the network operation timed out"},
    {0x80072EE7, "the name of the server cannot be resolved"},
    {0x80072EFD, "a connection with the server cannot be made"},
    {0x80072F8F, "the certificate of the server cannot be trusted"},
    {0x80190194, "the server does not have the requested file (404)"},
    {0x80240022, "every update of the request failed"},
    {0x8024402C, "the update server's name cannot be resolved"},
    {0x87D00215, "the item was not found"},
    {0x87D00324, "the application was not found after its installation"},
    {0xC0000005, "the program accessed memory it may not access"},
    {0xC0000022, "access is denied"},
    {0xC000013A, "the program was ended by Ctrl+C"},
    {0xC0000135, "a library the program needs was not found"},
    {0xC0000142, "a library the program needs did not start"},
    {0xC0000409, "the program found its stack damaged and stopped"},
};

static const char *look_up(const struct wincode *table, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].code == code) {
            return table[i].text;
        }
    }
    return NULL;
}

static const char *win32_text(uint32_t code)
{
    return look_up(win32_codes, sizeof win32_codes / sizeof win32_codes[0], code);
}

/* A code as programs give it: signed or unsigned 32 bits. */
static bool is_32_bit(long long code)
{
    return code >= INT32_MIN && code <= UINT32_MAX;
}

const char *ts_wincode_text(long long code)
{
    if (!is_32_bit(code)) {
        return NULL;
    }
    uint32_t c = (uint32_t)code;
    if (!(c & 0x80000000u)) {
        return win32_text(c);
    }
    const char *text = look_up(hresults, sizeof hresults / sizeof hresults[0], c);
    if (!text && (c & 0xFFFF0000u) == 0x80070000u) {
        text = win32_text(c & 0xFFFF);
    }
    return text;
}

/* Any program may end with a 2 or a 5 that means something of its own; only these mean
 * the same wherever they come from. */
static bool is_installer_code(long long code)
{
    return code == 1460 || (code >= 1601 && code <= 1654) || code == 3010 || code == 3017;
}

const char *ts_wincode_format(char *buf, size_t n, long long code)
{
    const char *text = ts_wincode_text(code);

    if (is_32_bit(code) && ((uint32_t)code & 0x80000000u)) {
        snprintf(buf, n, "0x%08" PRIX32 " (%" PRIu32 ")%s%s", (uint32_t)code,
                 (uint32_t)code, text ? ": " : "", text ? text : "");
    } else if (text && is_installer_code(code)) {
        snprintf(buf, n, "%lld (%s)", code, text);
    } else {
        snprintf(buf, n, "%lld", code);
    }
    return buf;
}
