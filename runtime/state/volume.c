/* volume.c - paths that survive other drive letters after a restart. */
#include "state/state_internal.h"

#include "platform/drives.h"

#include <string.h>

/* "C:" or "C:\..." or "C:/...", the letter in upper case; 0 if it is no such path. */
static char letter_of(const char *value)
{
    char c = value[0];

    if (c >= 'a' && c <= 'z') {
        c = (char)(c - 'a' + 'A');
    }
    if (c < 'A' || c > 'Z' || value[1] != ':') {
        return 0;
    }
    return value[2] == '\0' || value[2] == '\\' || value[2] == '/' ? c : 0;
}

const char *ts_volume_of_value(const char *value)
{
    char letter = letter_of(value);
    const struct ts_drive *d = letter ? ts_drives_find(letter) : NULL;

    return d && d->volume[0] ? d->volume : NULL;
}

char *ts_volume_reletter(const char *value, const char *volume)
{
    const struct ts_drive *d = letter_of(value) ? ts_drives_by_volume(volume) : NULL;
    char *out;

    if (!d) {
        return NULL;
    }
    out = ts_strdup(value);
    bool lower = out[0] >= 'a' && out[0] <= 'z';
    out[0] = lower ? (char)(d->letter - 'A' + 'a') : d->letter;
    return out;
}
