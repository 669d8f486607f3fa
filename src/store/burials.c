/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/burials.h"

#include "base/log.h"
#include "base/processes.h"
#include "store/fields.h"
#include "store/sql.h"

typedef struct {
    Store *store;
    char *name; /* of the dead agent */
} Burial;

static void
burial_free(Burial *self)
{
    g_free(self->name);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Burial, burial_free)

/* One that the dead agent may have left on another server. */
static void
end_step(Store *store, const DbResult *result, int row)
{
    const DbBackend backend = {.pid = (int)db_result_int(result, row, 4),
                               .started_at = db_result_instant(result, row, 5)};

    if (store_reaper(store) != NULL)
        reaper_end_step(store_reaper(store), (int)db_result_int(result, row, 0),
                        db_result_int(result, row, 2), db_result_text(result, row, 3), &backend);
}

/* As notices: the statement itself has written the same to pga_agentlog, where warnings would go once more. */
static void
report(Store *store, const DbResult *result)
{
    for (int row = 0; row < db_result_rows(result); row++) {
        if (db_result_is_null(result, row, 1))
            end_step(store, result, row);
        else
            log_job_notice((int)db_result_int(result, row, 0), "%s",
                           db_result_text(result, row, 1));
    }
    if (db_result_rows(result) > 0)
        store_note_burial(store);
}

static void
on_buried(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autoptr(Burial) self = user_data;

    if (error == NULL)
        report(self->store, result);
    /* A lost connection, or one that cannot write, is said elsewhere. */
    else if (!fault_is_of_server(fault))
        log_warning("could not close what dead agent \"%s\" left: %s", self->name, error->message);
}

static void
on_orphans_buried(const DbResult *result, const GError *error, const DbFault *fault,
                  gpointer user_data)
{
    if (error == NULL)
        report(user_data, result);
    else
        log_debug("could not look for runs without an agent: %s", error->message);
}

typedef enum {
    BURY_IF_SILENT, /* as agents_dead has found, unless it has come back */
    BURY_GONE,      /* its process is gone */
} BuryWhen;

static void
bury(Store *store, const DbResult *dead, int row, BuryWhen when)
{
    Burial *burial = g_new(Burial, 1);
    g_autoptr(DbParams) params = db_params_new();

    *burial = (Burial){.store = store, .name = g_strdup(db_result_text(dead, row, 1))};
    db_params_add_int4(params, (int32_t)db_result_int(dead, row, 0));
    if (db_result_is_null(dead, row, 2))
        db_params_add_null(params);
    else
        db_params_add_int8(params, db_result_int(dead, row, 2));
    db_params_add_text(params, store_name(store));
    db_params_add_bool(params, when == BURY_GONE);
    db_conn_query(store_control(store), sql_query("agents_bury"), g_steal_pointer(&params),
                  on_buried, burial);
}

static void
bury_orphans(Store *store)
{
    g_autoptr(DbParams) params = db_params_new();

    db_params_add_text(params, store_name(store));
    db_conn_query(store_control(store), sql_query("agents_bury_orphans"), g_steal_pointer(&params),
                  on_orphans_buried, store);
}

static void
on_dead(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Store *store = user_data;

    if (error != NULL || store_control(store) == NULL)
        return;
    for (int row = 0; row < db_result_rows(result); row++)
        bury(store, result, row, BURY_IF_SILENT);
    bury_orphans(store);
}

static void
on_neighbours(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    Store *store = user_data;

    for (int row = 0; error == NULL && row < db_result_rows(result); row++) {
        if (store_control(store) != NULL && process_is_gone(db_result_text(result, row, 3)))
            bury(store, result, row, BURY_GONE);
    }
}

/* Those of which we can see ourselves whether they live. */
static void
look_at_neighbours(Store *store)
{
    g_autofree char *place = process_place();

    if (place == NULL)
        return;

    g_autoptr(DbParams) params = db_params_new();
    db_params_add_text(params, place);
    db_params_add_text(params, store_uuid(store));
    db_conn_query(store_control(store), sql_query("agents_neighbours"), g_steal_pointer(&params),
                  on_neighbours, store);
}

void
burials_hold(Store *store)
{
    DbConn *control = store_control(store);

    if (control == NULL)
        return;
    look_at_neighbours(store);

    int64_t checked_at = store_checked_at(store);
    g_autoptr(DbParams) params = db_params_new();
    db_params_add_text(params, store_uuid(store));
    params_add_optional_instant(params, checked_at != 0 ? checked_at : NO_INSTANT);
    db_params_add_int8(params, store_calm_us(store));
    db_conn_query(control, sql_query("agents_dead"), g_steal_pointer(&params), on_dead, store);
}
