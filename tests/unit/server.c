/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "server.h"

#include <glib/gstdio.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gio/gio.h>

struct Server {
    char *directory;
    char *port;
    char *conninfo;
    int max_connections;
    pid_t pid; /* 0 = down */
};

static char *
try_directory(const char *directory)
{
    g_autofree char *initdb = g_build_filename(directory, "initdb", NULL);
    g_autofree char *postgres = g_build_filename(directory, "postgres", NULL);
    bool complete = g_file_test(initdb, G_FILE_TEST_IS_EXECUTABLE) &&
                    g_file_test(postgres, G_FILE_TEST_IS_EXECUTABLE);
    return complete ? g_strdup(directory) : NULL;
}

static char *
try_debian(void)
{
    for (int version = 30; version >= 10; version--) {
        g_autofree char *directory = g_strdup_printf("/usr/lib/postgresql/%d/bin", version);
        char *found = try_directory(directory);
        if (found)
            return found;
    }
    return NULL;
}

static char *
find_programs(void)
{
    const char *told = g_getenv("PG_BINDIR");
    if (told)
        return try_directory(told);
    char *found = try_debian();
    if (found)
        return found;
    g_autofree char *printed = NULL;
    if (!g_spawn_command_line_sync("pg_config --bindir", &printed, NULL, NULL, NULL))
        return NULL;
    return try_directory(g_strchomp(printed));
}

bool
server_is_available(void)
{
    g_autofree char *directory = find_programs();
    return directory != NULL;
}

/* In the child: the server refuses to run as root, and must not outlive the test. */
static void
become_postgres(gpointer user_data)
{
    const struct passwd *user = user_data;
    if (user && (setgroups(0, NULL) || setgid(user->pw_gid) || setuid(user->pw_uid)))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

static struct passwd *
server_user(void)
{
    return geteuid() == 0 ? getpwnam("postgres") : NULL;
}

static void
run_initdb(const Server *self, const char *programs)
{
    g_autofree char *initdb = g_build_filename(programs, "initdb", NULL);
    g_autofree char *data = g_build_filename(self->directory, "data", NULL);
    const char *argv[] = {initdb, "-D",   data, "-U",         "postgres",          "-A", "trust",
                          "-E",   "UTF8", "-N", "--locale=C", "--no-instructions", NULL};
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    g_spawn_sync(self->directory, (char **)argv, NULL, G_SPAWN_DEFAULT, become_postgres,
                 server_user(), &out, &err, &status, &error);
    g_assert_no_error(error);
    if (status != 0)
        g_error("initdb failed: %s", err);
}

static void
choose_port(Server *self)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_assert_cmpint(port, >, 0);
    g_socket_listener_close(listener);
    g_free(self->port);
    self->port = g_strdup_printf("%u", port);
    g_free(self->conninfo);
    self->conninfo = g_strdup_printf("host=%s port=%s user=postgres dbname=postgres",
                                     self->directory, self->port);
}

static bool
await_ready(const Server *self)
{
    for (int i = 0; i < 9000; i++) {
        if (PQping(self->conninfo) == PQPING_OK)
            return true;
        if (waitpid(self->pid, NULL, WNOHANG) == self->pid)
            break;
        g_usleep(20000);
    }
    return false;
}

static G_GNUC_NORETURN void
fail_to_start(const Server *self)
{
    g_autofree char *path = g_build_filename(self->directory, "log", NULL);
    g_autofree char *text = NULL;
    (void)g_file_get_contents(path, &text, NULL, NULL);
    g_error("the test server does not start: %s", text ? text : "");
}

static bool
try_start(Server *self)
{
    g_autofree char *programs = find_programs();
    /* A shell only for its redirection: it is replaced by the server. */
    g_autofree char *command = g_strdup_printf(
        "exec '%s/postgres' -D '%s/data' -k '%s' -p %s -c listen_addresses=127.0.0.1 "
        "-c max_connections=%d -c superuser_reserved_connections=0 -c max_wal_senders=0 "
        "-c fsync=off -c log_line_prefix= -c autovacuum=off >>'%s/log' 2>&1",
        programs, self->directory, self->directory, self->port, self->max_connections,
        self->directory);
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    g_autoptr(GError) error = NULL;
    g_spawn_async(self->directory, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, become_postgres,
                  server_user(), &self->pid, &error);
    g_assert_no_error(error);
    return await_ready(self);
}

void
server_start(Server *self)
{
    if (!try_start(self))
        fail_to_start(self);
}

void
server_stop(Server *self, const char *mode)
{
    if (!self->pid)
        return;
    kill(self->pid, strcmp(mode, "immediate") == 0 ? SIGQUIT : SIGINT);
    for (int i = 0; waitpid(self->pid, NULL, WNOHANG) == 0; i++) {
        if (i == 9000)
            g_error("the test server does not stop within three minutes");
        g_usleep(20000);
    }
    self->pid = 0;
}

Server *
server_new(int max_connections)
{
    Server *self = g_new0(Server, 1);
    g_autofree char *programs = find_programs();
    g_assert_nonnull(programs);
    g_autoptr(GError) error = NULL;
    self->directory = g_dir_make_tmp("almXXXXXX", &error);
    g_assert_no_error(error);
    const struct passwd *user = server_user();
    if (user)
        g_assert_cmpint(chown(self->directory, user->pw_uid, user->pw_gid), ==, 0);
    self->max_connections = max_connections;
    run_initdb(self, programs);
    /* Somebody else may take the port before our server does. */
    for (int tries = 1; self->pid == 0; tries++) {
        choose_port(self);
        if (!try_start(self)) {
            self->pid = 0;
            if (tries == 5)
                fail_to_start(self);
        }
    }
    return self;
}

void
server_free(Server *self)
{
    server_stop(self, "immediate");
    const char *argv[] = {"/bin/rm", "-rf", self->directory, NULL};
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(self->directory);
    g_free(self->port);
    g_free(self->conninfo);
    g_free(self);
}

const char *
server_directory(const Server *self)
{
    return self->directory;
}

const char *
server_port(const Server *self)
{
    return self->port;
}

const char *
server_conninfo(const Server *self)
{
    return self->conninfo;
}

PGconn *
server_connect(const Server *self)
{
    PGconn *pg = PQconnectdb(self->conninfo);
    if (PQstatus(pg) != CONNECTION_OK)
        g_error("%s", PQerrorMessage(pg));
    return pg;
}

static char *
ask(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        g_error("%s: %s", sql, PQerrorMessage(pg));
    char *answer = g_strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return answer;
}

char *
server_ask(const Server *self, const char *sql)
{
    PGconn *pg = server_connect(self);
    char *answer = ask(pg, sql);
    PQfinish(pg);
    return answer;
}

void
server_await(const Server *self, const char *sql, const char *answer)
{
    PGconn *pg = server_connect(self);
    for (int i = 0; i < 9000; i++) {
        g_autofree char *now = ask(pg, sql);
        if (strcmp(now, answer) == 0) {
            PQfinish(pg);
            return;
        }
        g_usleep(20000);
    }
    g_error("%s never gave %s", sql, answer);
}
