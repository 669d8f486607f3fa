/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/home.h"

#include "base/error.h"
#include "store/identity.h"
#include "store/sql.h"

#define HEXADECIMAL 16

struct Home {
    char *system;     /* of the newest timeline that was seen; NULL = none */
    guint64 timeline; /* 0 = not known */
    bool is_readable; /* both, at the last check */
};

typedef struct {
    Home *home;
    DbConn *conn;
    char *kept;
    char *here;
    HomeChecked checked;
    gpointer user_data;
} Check;

Home *
home_new(void)
{
    return g_new0(Home, 1);
}

void
home_free(Home *self)
{
    if (self == NULL)
        return;
    g_free(self->system);
    g_free(self);
}

guint64
home_timeline(const Home *self)
{
    return self->is_readable ? self->timeline : 0;
}

static void
check_end(Check *self, const GError *error)
{
    self->checked(error, self->user_data);
    g_free(self->kept);
    g_free(self->here);
    g_free(self);
}

/* NULL = fine. */
static GError *
home_compare(Home *self, const Check *check, guint64 timeline)
{
    g_autofree char *system = identity_system(check->here);

    self->is_readable = system != NULL && timeline != 0;
    if (!self->is_readable)
        return NULL;
    bool is_known = g_strcmp0(system, self->system) == 0;
    if (is_known && timeline < self->timeline)
        return g_error_new(
            ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
            "%s is a former primary (timeline %" G_GUINT64_FORMAT "): a standby of it was promoted "
            "since (this agent has worked on timeline %" G_GUINT64_FORMAT
            "), and nothing is written here any more; if this is the right one all the same, "
            "restart the agent",
            db_conn_describe(check->conn), timeline, self->timeline);
    g_free(self->system);
    self->system = g_steal_pointer(&system);
    self->timeline = timeline;
    return NULL;
}

static void
on_timeline(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Check *check = user_data;
    guint64 timeline = 0;

    if (error != NULL && fault == NULL) {
        check_end(check, error);
        return;
    }
    if (error == NULL)
        timeline = g_ascii_strtoull(db_result_text(result, 0, 0), NULL, HEXADECIMAL);
    g_autoptr(GError) wrong = home_compare(check->home, check, timeline);
    check_end(check, wrong);
}

static void
check_here(Check *check, const char *here)
{
    check->here = g_strdup(here);
    if (check->kept != NULL && !identity_is_same(check->kept, here)) {
        g_autoptr(GError) wrong =
            identity_refusal(check->kept, here, db_conn_describe(check->conn));
        check_end(check, wrong);
        return;
    }
    db_conn_query(check->conn, sql_query("identity_timeline"), NULL, on_timeline, check);
}

static void
on_plain(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    if (error != NULL)
        check_end(user_data, error);
    else
        check_here(user_data, db_result_text(result, 0, 0));
}

static void
on_here(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Check *check = user_data;

    if (error == NULL)
        check_here(check, db_result_text(result, 0, 0));
    else if (fault != NULL)
        db_conn_query(check->conn, sql_query("identity_here_plain"), NULL, on_plain, check);
    else
        check_end(check, error);
}

void
home_check(Home *self, DbConn *conn, const char *kept, HomeChecked checked, gpointer user_data)
{
    Check *check = g_new(Check, 1);

    *check = (Check){.home = self,
                     .conn = conn,
                     .kept = g_strdup(kept),
                     .checked = checked,
                     .user_data = user_data};
    db_conn_query(conn, sql_query("identity_here"), NULL, on_here, check);
}
