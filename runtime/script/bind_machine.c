/* bind_machine.c - what the machine and the run are: drives, Windows, profiles, fields.
 */
#include <string.h>

#include <lauxlib.h>

#include "facts/facts.h"
#include "platform/clock.h"
#include "platform/sysinfo.h"
#include "platform/thread.h"
#include "script/script_internal.h"
#include "steps/host_drive.h"

/* ---- volumes ---------------------------------------------------------------------- */

struct place { /* what is known of the volume that a path is on */
    char letter[3];
    char id[96];
    bool fixed;
    struct ts_volume v;
};

/* File systems that live in memory or on another machine. */
static bool is_lasting(const char *fstype)
{
    static const char *const others[] = {"tmpfs", "ramfs", "nfs",  "nfs4",
                                         "cifs",  "smb3",  "sshfs"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (ts_caseeq(fstype, others[i])) {
            return false;
        }
    }
    return true;
}

/* The drive whose root is `native` or above it, the nearest one. */
static const struct ts_drive *drive_of(const char *native)
{
    const struct ts_drive *list, *best = NULL;
    size_t n, longest = 0;

    list = ts_drives_list(&n);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(list[i].root);
        while (len && (list[i].root[len - 1] == '/' || list[i].root[len - 1] == '\\')) {
            len--;
        }
        if (len >= longest &&
            ts_str_case_starts(ts_str_of(native), (ts_str){list[i].root, len}) &&
            (native[len] == 0 || native[len] == '/' || native[len] == '\\')) {
            best = &list[i];
            longest = len;
        }
    }
    return best;
}

/* Open the folder, or the nearest one above it that exists. */
static enum ts_code open_above(struct ts_script *s, char *native, struct ts_err *err)
{
    for (;;) {
        enum ts_code rc = ts_dir_open(&s->scratch.dir, native, false, err);
        char *slash = strrchr(native, '/'), *back = strrchr(native, '\\');
        char *cut = !slash || (back && back > slash) ? back : slash;
        if (rc != TS_ENOTFOUND || !cut || !cut[1]) {
            return rc;
        }
        /* keep the separator of a root: "/", "C:\" */
        cut[cut == native || cut[-1] == ':'] = 0;
    }
}

static enum ts_code find_place(struct ts_script *s, const char *path, struct place *p,
                               struct ts_err *err)
{
    enum ts_code rc;
    const struct ts_drive *d;

    *p = (struct place){.fixed = true};
    if ((rc = ts_path_native(&s->scratch.text, path, NULL, err)) != TS_OK) {
        return rc;
    }
    d = drive_of(s->scratch.text);
    if ((rc = open_above(s, s->scratch.text, err)) != TS_OK ||
        (rc = ts_volume_of(s->scratch.dir, &p->v, err)) != TS_OK) {
        return ts_err_context(err, "cannot ask about the volume of %s", path);
    }
    if (d) {
        p->letter[0] = d->letter;
        p->letter[1] = ':';
        p->fixed = d->fixed;
    } else {
        p->fixed = is_lasting(p->v.fstype);
    }
    const char *id = d && d->volume[0] ? d->volume : p->v.stable;
    if (id[0]) {
        memcpy(p->id, id, strlen(id) + 1);
    } else {
        static const char digits[] = "0123456789abcdef";
        for (int i = 0; i < 16; i++) {
            p->id[i] = digits[(p->v.id >> (60 - 4 * i)) & 15];
        }
    }
    return TS_OK;
}

static void push_place(lua_State *L, const struct place *p)
{
    lua_createtable(L, 0, 7);
    ts_push_text(L, "letter", p->letter[0] ? p->letter : NULL);
    ts_push_text(L, "volume", p->id);
    ts_push_bool(L, "fixed", p->fixed);
    ts_push_bool(L, "readonly", p->v.readonly);
    ts_push_text(L, "fstype", p->v.fstype);
    ts_push_u64(L, "total", p->v.total);
    ts_push_u64(L, "free", p->v.free);
}

/* host.volume(path): the volume a path is on, or will be on. */
static int host_volume(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct place p;
    struct ts_err err;

    if (find_place(s, ts_arg_text(L, 1), &p, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    push_place(L, &p);
    return 1;
}

/* host.drives(): every drive that can be opened. */
static int host_drives(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    char letters[27] = "";
    size_t n, out = 0;
    const struct ts_drive *list = ts_drives_list(&n);

    for (size_t i = 0; i < n && i < 26; i++) {
        letters[i] = list[i].letter;
    }
    lua_newtable(L);
    for (size_t i = 0; letters[i]; i++) {
        char root[] = {letters[i], ':', '\\', 0};
        struct place p;
        ts_scratch_clear(&s->scratch);
        if (find_place(s, root, &p, NULL) == TS_OK) {
            push_place(L, &p);
            lua_rawseti(L, -2, (lua_Integer)++out);
        }
    }
    return 1;
}

/* host.map_drive(letter, folder): until the next restart. */
static int host_map_drive(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *letter = ts_arg_text(L, 1), *folder = ts_arg_text(L, 2);
    struct ts_err err;

    if (ts_path_native(&s->scratch.text, folder, NULL, &err) != TS_OK ||
        ts_host_map_drive(letter, s->scratch.text, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    return ts_bind_true(L);
}

/* ---- Windows and profiles --------------------------------------------------------- */

static int host_windows(lua_State *L)
{
    ts_bind_begin(L);
    struct ts_windows found[26];
    size_t n = 0;
    struct ts_err err;

    if (ts_windows_find(found, 26, &n, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_newtable(L);
    for (size_t i = 0; i < n && i < 26; i++) {
        lua_createtable(L, 0, 3);
        ts_push_text(L, "drive", found[i].drive);
        ts_push_text(L, "dir", found[i].dir);
        ts_push_text(L, "architecture", found[i].architecture);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* host.profiles([drive]) */
static int host_profiles(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    const char *drive = lua_isnoneornil(L, 1) ? NULL : ts_arg_text(L, 1);
    struct ts_mig_env env = ts_host_mig_env(s->call);
    struct ts_err err;
    lua_Integer i = 0;

    if (ts_profiles_find(&s->scratch.profiles, drive, &env, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_newtable(L);
    for (const struct ts_profile *p = s->scratch.profiles; p; p = p->next) {
        lua_createtable(L, 0, 5);
        ts_push_text(L, "name", p->name);
        ts_push_text(L, "path", p->path);
        ts_push_bool(L, "orphan", p->orphan);
        ts_push_bool(L, "public", p->is_public);
        ts_push_text(L, "why", p->why);
        lua_rawseti(L, -2, ++i);
    }
    return 1;
}

/* ---- the run ---------------------------------------------------------------------- */

/* host.protect(path): no step deletes it any more. */
static int host_protect(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_err err;

    if (ts_path_native(&s->scratch.text, ts_arg_text(L, 1), NULL, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    ts_host_protect(s->call->host, s->scratch.text);
    return ts_bind_true(L);
}

/* host.settle_state(path): the run's record leaves a RAM drive for the drive of path. */
static int host_settle_state(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_host *h = s->call->host;
    const char *path = ts_arg_text(L, 1);
    struct ts_err err;

    if (h->settle_state && h->settle_state(h->ctx, path, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    return ts_bind_true(L);
}

/* host.sleep(ms): programs may read and set variables meanwhile. */
static int host_sleep(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    lua_Integer ms = luaL_checkinteger(L, 1);
    struct ts_mutex *lock = s->call->host->lock;
    int64_t end = ts_mono_ns() / 1000000 + ms;
    enum ts_code rc = TS_OK;
    struct ts_err err;

    luaL_argcheck(L, ms >= 0 && ms <= 86400000, 1, "0 to 86,400,000 ms are possible");
    for (;;) {
        int64_t left = end - ts_mono_ns() / 1000000;
        rc = ts_host_check(s->call, &err);
        if (left <= 0 || rc != TS_OK) {
            break;
        }
        if (lock) {
            ts_mutex_unlock(lock);
        }
        ts_sleep_ms(left < 100 ? left : 100);
        if (lock) {
            ts_mutex_lock(lock);
        }
    }
    return rc == TS_OK ? ts_bind_true(L) : ts_bind_fail(L, &err);
}

const struct ts_binding ts_bind_machine[] = {
    {"volume", host_volume},
    {"drives", host_drives},
    {"windows", host_windows},
    {"profiles", host_profiles},
    {"protect", host_protect},
    {"settle_state", host_settle_state},
    {"sleep", host_sleep},
    {"map_drive", host_map_drive},
    {NULL, NULL},
};

static void push_system(lua_State *L)
{
    char name[256];

    ts_host_name(name);
    lua_createtable(L, 0, 6);
    ts_push_u64(L, "memory_mb", ts_memory_total() / (1024 * 1024));
    ts_push_u64(L, "processors", ts_cpu_count());
    ts_push_text(L, "architecture", ts_platform_arch());
    ts_push_text(L, "platform", ts_platform_name());
    ts_push_text(L, "name", name);
    ts_push_bool(L, "admin", ts_is_admin());
}

bool ts_bind_field(lua_State *L, struct ts_script *s, const char *key)
{
    const struct ts_host *h = s->call->host;
    const struct {
        const char *key, *value;
    } texts[] = {
        {"phase", ts_phase_name(h->phase)},
        {"machine", h->machine ? h->machine : ""},
        {"run_id", h->run ? h->run : ""},
        {"state_dir", h->state_dir},
        {"log_dir", ts_log_dir(h->log)},
        {"sequence_dir", h->seq ? h->seq->folder : NULL},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(key, texts[i].key) == 0) {
            lua_pushstring(L, texts[i].value); /* NULL: nil */
            return true;
        }
    }
    if (strcmp(key, "attempt") == 0) {
        lua_pushinteger(L, s->call->attempt);
    } else if (strcmp(key, "interrupted") == 0) {
        lua_pushboolean(L, s->call->interrupted_before);
    } else if (strcmp(key, "system") == 0) {
        if (!ts_bind_told(L, s, key)) {
            push_system(L);
        }
    } else {
        return false;
    }
    return true;
}
