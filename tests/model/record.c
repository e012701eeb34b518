/* The durable record of a run, read as any SQLite client would. */
#include "machine.h"

#include <sqlite3.h>

static bool each(sqlite3 *db, const char *sql, struct ts_buf *out,
                 void (*row)(sqlite3_stmt *s, struct ts_buf *out))
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    const char *comma = "";

    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        ts_buf_z(out, comma);
        row(s, out);
        comma = ",";
        rc = SQLITE_OK;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE;
}

static const char *text(sqlite3_stmt *s, int column)
{
    const char *t = (const char *)sqlite3_column_text(s, column);

    return t ? t : "";
}

static void progress_row(sqlite3_stmt *s, struct ts_buf *out)
{
    ts_buf_fmt(out, ",\"status\":\"%s\",\"code\":%lld", text(s, 0),
               (long long)sqlite3_column_int64(s, 1));
}

static void event_row(sqlite3_stmt *s, struct ts_buf *out)
{
    ts_buf_z(out, text(s, 0));
}

static void step_row(sqlite3_stmt *s, struct ts_buf *out)
{
    ts_buf_z(out, "{\"name\":\"");
    ts_buf_json(out, ts_str_of(text(s, 0)));
    ts_buf_fmt(out, "\",\"index\":%d,\"attempt\":%d,\"skipped\":\"%s\"",
               sqlite3_column_int(s, 1), sqlite3_column_int(s, 2), text(s, 3));
    if (sqlite3_column_int64(s, 4)) {
        ts_buf_fmt(out, ",\"code\":%lld,\"succeeded\":%s,\"ignored\":%s",
                   (long long)sqlite3_column_int64(s, 5),
                   sqlite3_column_int(s, 6) ? "true" : "false",
                   sqlite3_column_int(s, 7) ? "true" : "false");
    }
    ts_buf_c(out, '}');
}

bool record_read(const char *dir, struct ts_buf *out)
{
    char *path = ts_format("%s/state.db", dir);
    sqlite3 *db = NULL;
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;

    ts_buf_z(out, "{\"events\":[");
    ok = ok && each(db, "SELECT json FROM events ORDER BY id", out, event_row);
    ts_buf_z(out, "],\"steps\":[");
    ok = ok && each(db,
                    "SELECT name, idx, attempt, skipped, ended_ms, code, succeeded, "
                    "ignored FROM steps ORDER BY id",
                    out, step_row);
    ts_buf_c(out, ']');
    ok = ok &&
         each(db, "SELECT status, result_code FROM progress ORDER BY run DESC LIMIT 1",
              out, progress_row);
    ts_buf_c(out, '}');
    sqlite3_close(db);
    ts_free(path);
    return ok;
}
