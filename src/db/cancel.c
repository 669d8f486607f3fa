/* SPDX-License-Identifier: PostgreSQL */
/* libpq's PQcancel connects and waits, so it runs in one of GLib's task threads, whose number GLib limits and
 * raises only slowly when servers hang; a connection has one cancel on its way at most. */
#include "config.h"

#include "base/log.h"
#include "db/conn-private.h"

static void
run_cancel(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    char message[256] = "";
    if (PQcancel(task_data, message, sizeof message))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", g_strchomp(message));
}

static void
on_cancelled(GObject *source, GAsyncResult *result, gpointer user_data)
{
    DbConn *self = user_data; /* with a reference of its own; it may have been freed meanwhile */
    g_autoptr(GError) error = NULL;
    self->cancel_under_way = false;
    if (!g_task_propagate_boolean(G_TASK(result), &error) && self->state != CONN_FREED)
        log_warning("could not send a cancel to %s: %s", db_conn_describe(self), error->message);
    conn_unref(self);
}

void
db_conn_cancel(DbConn *self)
{
    if (self->state != CONN_BUSY || self->cancel_under_way)
        return;
    PGcancel *cancel = PQgetCancel(self->pg);
    if (!cancel)
        return;
    self->cancel_under_way = true;
    self->cancel_sent = true;
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_cancelled, conn_ref(self));
    g_task_set_task_data(task, cancel, (GDestroyNotify)PQfreeCancel);
    g_task_run_in_thread(task, run_cancel);
}
