/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "service/service.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/leftovers.h"
#include "base/log.h"
#include "engine/engine.h"
#include "service/private.h"
#include "service/unix.h"

#define EXIT_USAGE       1
#define EXIT_NO_DATABASE 3

#define STATUS_EVERY_SECONDS 5
/* After the grace time, and after a second signal, what still has to be stopped and written gets this long. If the
 * database is away then, other agents will close the runs. */
#define WIND_UP_MS    10000
#define LAST_WORDS_MS 3000

typedef struct {
    Unix *shell;
    Settings *settings;
    GMainLoop *loop;
    DbTarget *target;
    DbPool *pool;
    Sweeper *sweeper;
    StepContext steps;
    Store *store;
    Engine *engine;
    guint last_words_id;
    guint status_id;
    int exit_code;
} Service;

/* Stopping: the engine's runs end, the writer writes, the agent leaves the register, the loop ends. */

static void
service_quit(Service *self)
{
    g_clear_handle_id(&self->last_words_id, g_source_remove);
    g_main_loop_quit(self->loop);
}

static void
on_left(gpointer user_data)
{
    service_quit(user_data);
}

static gboolean
on_last_words_over(gpointer user_data)
{
    Service *self = user_data;

    self->last_words_id = 0;
    log_error("could not write everything before the end: agent \"%s\" is left in the register, "
              "%u jobs are left as running",
              store_name(self->store), engine_run_count(self->engine));
    service_quit(self);
    return G_SOURCE_REMOVE;
}

static void
service_quit_after(Service *self, int64_t wait_ms)
{
    g_clear_handle_id(&self->last_words_id, g_source_remove);
    self->last_words_id = g_timeout_add((guint)MIN(wait_ms, G_MAXINT), on_last_words_over, self);
}

static void
on_engine_stopped(gpointer user_data)
{
    Service *self = user_data;

    service_quit_after(self, LAST_WORDS_MS);
    store_leave(self->store, on_left, self);
}

static void
service_stop(Service *self)
{
    int64_t grace_us = self->settings->grace_us;

    log_notice("stopping: %u jobs run, they have %" G_GINT64_FORMAT " s",
               engine_run_count(self->engine), grace_us / CLOCK_US_PER_SECOND);
    unix_stopping(self->shell);
    service_quit_after(self, grace_us / CLOCK_US_PER_MS + WIND_UP_MS);
    engine_stop(self->engine, grace_us, on_engine_stopped, self);
}

static void
service_stop_now(Service *self)
{
    log_notice("stopping at once");
    service_quit_after(self, LAST_WORDS_MS);
    engine_kill(self->engine);
}

/* For the register: what other people see of this agent. */
static void
service_describe(Service *self)
{
    g_autofree char *batch = step_describe_batch(&self->steps);

    store_describe(self->store, g_get_user_name(), batch);
}

/* Reload */

static void
service_reload(Service *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Settings) settings = settings_reload(self->settings, &error);

    log_reopen();
    if (settings == NULL) {
        log_error("configuration not changed: %s", error->message);
        return;
    }
    for (char **name = settings->needs_restart; *name != NULL; name++)
        log_warning("setting \"%s\" was changed in the configuration file; it needs a restart",
                    *name);

    settings_free(self->settings);
    self->settings = g_steal_pointer(&settings);
    log_set_threshold(self->settings->log_level);
    self->steps.may_run_batch = self->settings->batch;
    self->steps.batch_user = self->settings->batch_user;
    self->steps.output_limit = self->settings->output_limit;
    db_pool_set_limits(self->pool, self->settings->max_connections,
                       self->settings->connect_timeout_us);
    store_set_times(self->store, self->settings->connect_timeout_us, self->settings->retry_us);
    service_describe(self);
    engine_apply(self->engine, self->settings);
    log_notice("configuration read again");
}

static void
on_requested(UnixRequest request, gpointer user_data)
{
    Service *self = user_data;

    switch (request) {
    case UNIX_STOP:
        service_stop(self);
        break;
    case UNIX_STOP_NOW:
        service_stop_now(self);
        break;
    case UNIX_RELOAD:
        unix_reloading(self->shell);
        service_reload(self);
        unix_ready(self->shell);
        break;
    }
}

/* What the store says */

static gboolean
on_status(gpointer user_data)
{
    Service *self = user_data;

    if (store_is_ready(self->store))
        unix_status(self->shell, "%u jobs running", engine_run_count(self->engine));
    else if (store_trouble(self->store) != NULL)
        unix_status(self->shell, "waiting: %s", store_trouble(self->store));
    else
        unix_status(self->shell, "connecting to %s", db_target_describe(self->target));
    return G_SOURCE_CONTINUE;
}

static void
on_ready(gpointer user_data)
{
    Service *self = user_data;

    log_notice("agent \"%s\" works on %s", store_name(self->store),
               db_target_describe(self->target));
    (void)on_status(self);
    engine_on_ready(self->engine);
}

static void
on_lost(gpointer user_data)
{
    (void)on_status(user_data);
}

static void
on_lease(LeaseState state, gpointer user_data)
{
    Service *self = user_data;

    engine_on_lease(self->engine, state);
}

static void
on_fenced(gpointer user_data)
{
    Service *self = user_data;

    engine_on_fenced(self->engine);
}

static GArray *
on_in_hand(gpointer user_data)
{
    Service *self = user_data;

    return engine_run_ids(self->engine);
}

static void
on_notified(gpointer user_data)
{
    Service *self = user_data;

    engine_on_notified(self->engine);
}

static void
on_buried(gpointer user_data)
{
    Service *self = user_data;

    if (self->settings->batch)
        sweeper_look_for_leftovers(self->sweeper, leftovers_user(self->settings->batch_user));
}

static bool
on_refused(const GError *error, gpointer user_data)
{
    Service *self = user_data;

    if (!self->settings->foreground)
        return false;
    log_error("%s", error->message);
    self->exit_code = EXIT_NO_DATABASE;
    service_quit(self);
    return true;
}

static void
on_message(LogLevel level, int job_id, const char *message, gpointer user_data)
{
    Service *self = user_data;

    store_write_message(self->store, level == LOG_LEVEL_ERROR ? "error" : "warning", job_id,
                        message);
}

/* Starting */

/* Before anything begins: what is to be run again must not run twice. */
static void
service_end_leftovers(Service *self)
{
    g_autoptr(GPtrArray) found = leftovers_end(leftovers_user(self->settings->batch_user));

    for (guint i = 0; i < found->len; i++)
        sweeper_take(self->sweeper, g_ptr_array_index(found, i), SWEEP_DIRECTORY);
}

static bool
service_open(Service *self, const char *conninfo, GError **error)
{
    static const StoreEvents events = {.ready = on_ready,
                                       .lost = on_lost,
                                       .lease = on_lease,
                                       .fenced = on_fenced,
                                       .in_hand = on_in_hand,
                                       .notified = on_notified,
                                       .buried = on_buried,
                                       .refused = on_refused};
    const Settings *settings = self->settings;

    g_autoptr(DbTarget) target = db_target_parse(conninfo, error);
    if (target == NULL)
        return false;
    self->target = db_target_for_writing(target);
    self->loop = g_main_loop_new(NULL, FALSE);
    self->pool =
        db_pool_new(settings->max_connections, settings->connect_timeout_us, "pgalmanac step");
    self->sweeper = sweeper_new();
    if (settings->batch)
        service_end_leftovers(self);
    self->steps = (StepContext){.pool = self->pool,
                                .sweeper = self->sweeper,
                                .own_target = self->target,
                                .may_run_batch = settings->batch,
                                .batch_user = settings->batch_user,
                                .output_limit = settings->output_limit};
    self->store = store_new(self->target, settings->name, g_get_host_name(), settings->lease_us,
                            settings->connect_timeout_us, settings->retry_us, &events, self);
    store_use_pool(self->store, self->pool);
    service_describe(self);
    self->engine = engine_new(self->store, &self->steps, settings);
    return true;
}

static void
service_close(Service *self)
{
    log_observe(NULL, NULL);
    g_clear_handle_id(&self->status_id, g_source_remove);
    g_clear_handle_id(&self->last_words_id, g_source_remove);
    store_free(self->store);
    engine_free(self->engine);
    sweeper_free(self->sweeper);
    db_pool_free(self->pool);
    db_target_unref(self->target);
    g_clear_pointer(&self->loop, g_main_loop_unref);
}

/* From here on the process is what it stays: daemon or not, with its signals. */
static bool
service_work(Service *self, const char *conninfo, GError **error)
{
    if (!service_open(self, conninfo, error))
        return false;

    log_observe(on_message, self);
    store_start(self->store);
    self->status_id = g_timeout_add_seconds(STATUS_EVERY_SECONDS, on_status, self);
    /* Before the database answers: that it may be away for a while is part of the service. */
    unix_ready(self->shell);
    g_main_loop_run(self->loop);
    log_notice("stopped");
    return true;
}

static bool
service_prepare(Service *self, Private **private_server, GError **error)
{
    const Settings *settings = self->settings;

    if (!settings->foreground && !unix_daemonize(self->shell, error))
        return false;
    if (!log_open(settings->log_file, (LogLevel)settings->log_level, error))
        return false;
    if (settings->pid_file != NULL && !unix_write_pid_file(self->shell, settings->pid_file, error))
        return false;
    /* What is asked while a private server starts is answered once the loop runs. */
    unix_watch_requests(self->shell, on_requested, self);
    if (settings->private_dir != NULL) {
        *private_server = private_start(settings->private_dir, error);
        return *private_server != NULL;
    }
    return true;
}

static bool
service_live(Service *self, GError **error)
{
    g_autoptr(Private) private_server = NULL;

    if (!service_prepare(self, &private_server, error))
        return false;
    log_notice("pgalmanac " PACKAGE_VERSION " starts as agent \"%s\"", self->settings->name);

    bool is_fine = service_work(
        self, private_server != NULL ? private_conninfo(private_server) : self->settings->conninfo,
        error);
    service_close(self);
    return is_fine;
}

int
service_run(Settings *settings)
{
    Service self = {.shell = unix_new(), .settings = settings};
    g_autoptr(GError) error = NULL;

    if (!service_live(&self, &error)) {
        self.exit_code = EXIT_USAGE;
        log_error("%s", error->message);
        unix_failed(self.shell, self.exit_code, error->message);
    }
    unix_free(self.shell);
    settings_free(self.settings);
    log_close();
    return self.exit_code;
}
