/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "service/private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/setup.h"
#include "service/private-folder.h"
#include "service/server-programs.h"

#define SOCKET_NAME "/.s.PGSQL.5432"
/* What may stand in a folder's name without any quoting in postgresql.conf and in connection strings. */
#define PLAIN_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-+@~"

struct Private {
    char *dir;
    char *data;
    char *bindir;
    char *socket_dir;
    char *conninfo;
    int lock;  /* -1, or the open file that says DIR is ours */
    bool ours; /* an agent has started the server, so we stop it */
};

static char *
in_dir(const Private *self, const char *name)
{
    return g_build_filename(self->dir, name, NULL);
}

static bool
write_file(const char *path, const char *text, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (g_file_set_contents(path, text, -1, &reason))
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not write: %s", reason->message);
    return false;
}

/* The lock goes with the process, however it ends. */
static bool
take_lock(Private *self, GError **error)
{
    g_autofree char *path = in_dir(self, "lock");

    self->lock = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->lock < 0) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not open \"%s\": %s", path,
                    g_strerror(errno));
        return false;
    }
    if (flock(self->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                "folder \"%s\" is in use by another agent; to run a second one on its server, give "
                "it the connection string in %s/conninfo",
                self->dir, self->dir);
    return false;
}

static const char *
locale_option(void)
{
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);

    if (locale == (locale_t)0)
        return "--no-locale";
    freelocale(locale);
    return "--locale=C.UTF-8";
}

static bool
run_initdb(const Private *self, const char *data, GError **error)
{
    g_autofree char *program = g_build_filename(self->bindir, "initdb", NULL);
    const char *argv[] = {program,
                          "--username=postgres",
                          "--auth=peer",
                          "--encoding=UTF8",
                          locale_option(),
                          "-D",
                          data,
                          NULL};

    return server_programs_run(argv, self->dir, error);
}

/* Whoever reaches the socket as the folder's owner, or as root, is the superuser "postgres". */
static bool
write_access_rules(const char *data, GError **error)
{
    const struct passwd *user = getpwuid(geteuid());
    g_autofree char *hba = g_build_filename(data, "pg_hba.conf", NULL);
    g_autofree char *ident = g_build_filename(data, "pg_ident.conf", NULL);
    g_autofree char *conf = g_build_filename(data, "postgresql.conf", NULL);
    g_autofree char *map = g_strdup_printf("almanac \"%s\" postgres\n"
                                           "almanac root postgres\n"
                                           "almanac /^(.*)$ \\1\n",
                                           user != NULL ? user->pw_name : "root");
    g_autofree char *text = NULL;

    if (!g_file_get_contents(conf, &text, NULL, error))
        return false;
    g_autofree char *more = g_strconcat(text, "\ninclude 'pgalmanac.conf'\n", NULL);
    return write_file(hba, "local all all peer map=almanac\n", error) &&
           write_file(ident, map, error) && write_file(conf, more, error);
}

/* Made under another name and then renamed: an interrupted attempt is never taken for a server. */
static bool
make_server(const Private *self, GError **error)
{
    g_autofree char *temporary = in_dir(self, "new-data-XXXXXX");

    log_notice("making a private server in \"%s\"", self->dir);
    if (g_mkdtemp_full(temporary, 0700) == NULL) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not make folder \"%s\": %s",
                    temporary, g_strerror(errno));
        return false;
    }
    if (!run_initdb(self, temporary, error) || !write_access_rules(temporary, error))
        return false;
    if (g_rename(temporary, self->data) == 0)
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not rename \"%s\": %s",
                temporary, g_strerror(errno));
    return false;
}

static bool
fits_socket(const char *dir)
{
    return strlen(dir) + strlen(SOCKET_NAME) < sizeof(((struct sockaddr_un *)0)->sun_path) &&
           strspn(dir, PLAIN_CHARACTERS) == strlen(dir);
}

/* A long or strange path cannot hold the socket; then it gets a folder of its own, new with each start, which
 * conninfo names. */
static bool
choose_socket_dir(Private *self, GError **error)
{
    if (fits_socket(self->dir)) {
        self->socket_dir = g_strdup(self->dir);
        return true;
    }

    g_autoptr(GError) reason = NULL;
    self->socket_dir = g_dir_make_tmp("pgalmanac-XXXXXX", &reason);
    if (self->socket_dir != NULL)
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM,
                "could not make a folder for the socket: %s", reason->message);
    return false;
}

static char *
read_pid(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static bool
is_running(const Private *self)
{
    g_autofree char *program = g_build_filename(self->bindir, "pg_ctl", NULL);
    const char *argv[] = {program, "status", "-D", self->data, NULL};

    return server_programs_run(argv, self->dir, NULL);
}

static bool
start_server(Private *self, GError **error)
{
    if (!choose_socket_dir(self, error))
        return false;

    g_autofree char *conf = g_build_filename(self->data, "pgalmanac.conf", NULL);
    g_autofree char *settings = g_strdup_printf("# Written anew at each start.\n"
                                                "listen_addresses = ''\n"
                                                "port = 5432\n"
                                                "unix_socket_directories = '%s'\n"
                                                "unix_socket_permissions = 0700\n",
                                                self->socket_dir);
    g_autofree char *conninfo =
        g_strdup_printf("host=%s port=5432 user=postgres dbname=postgres", self->socket_dir);
    g_autofree char *conninfo_path = in_dir(self, "conninfo");
    g_autofree char *log = in_dir(self, "server.log");
    g_autofree char *program = g_build_filename(self->bindir, "pg_ctl", NULL);
    const char *argv[] = {program, "start",    "-w", "-t", "120", "-s",
                          "-D",    self->data, "-l", log,  NULL};

    if (!write_file(conf, settings, error) || !write_file(conninfo_path, conninfo, error))
        return false;
    if (!server_programs_run(argv, self->dir, error)) {
        g_prefix_error(error, "could not start the private server (see %s): ", log);
        return false;
    }

    g_autofree char *pid = read_pid(self->data, "postmaster.pid");
    g_autofree char *pid_path = in_dir(self, "server.pid");
    self->ours = true;
    self->conninfo = g_steal_pointer(&conninfo);
    return write_file(pid_path, pid != NULL ? pid : "", error);
}

/* It runs although nobody holds the lock: the agent that started it was killed, or somebody else started it. */
static bool
join_server(Private *self, GError **error)
{
    g_autofree char *path = in_dir(self, "conninfo");
    g_autofree char *running = read_pid(self->data, "postmaster.pid");
    g_autofree char *started = read_pid(self->dir, "server.pid");

    self->ours = running != NULL && g_strcmp0(running, started) == 0;
    log_notice("the private server in \"%s\" runs already", self->dir);
    return g_file_get_contents(path, &self->conninfo, NULL, error);
}

static bool
install_tables(const Private *self, GError **error)
{
    SetupOptions options = {.timezone = NULL};
    g_autoptr(GError) reason = NULL;
    g_autoptr(SetupReport) report = setup_run(self->conninfo, &options, &reason);

    if (g_error_matches(reason, ALMANAC_ERROR, ALMANAC_ERROR_INPUT)) {
        log_warning("%s; taking UTC", reason->message);
        options.timezone = "UTC";
        report = setup_run(self->conninfo, &options, error);
    } else if (report == NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
    }
    return report != NULL;
}

Private *
private_start(const char *dir, GError **error)
{
    g_autoptr(Private) self = g_new0(Private, 1);

    self->lock = -1;
    self->dir = g_canonicalize_filename(dir, NULL);
    self->data = in_dir(self, "data");
    if (!private_folder_prepare(self->dir, error) || !take_lock(self, error))
        return NULL;

    g_autofree char *version = read_pid(self->data, "PG_VERSION");
    self->bindir = server_programs_find(version, error);
    if (self->bindir == NULL || (version == NULL && !make_server(self, error)))
        return NULL;
    if (!(is_running(self) ? join_server(self, error) : start_server(self, error)))
        return NULL;
    if (!install_tables(self, error))
        return NULL;
    log_notice("private server: %s", self->conninfo);
    return g_steal_pointer(&self);
}

const char *
private_conninfo(const Private *self)
{
    return self->conninfo;
}

static void
stop_server(Private *self)
{
    g_autofree char *program = g_build_filename(self->bindir, "pg_ctl", NULL);
    const char *argv[] = {program, "stop", "-w", "-t",       "60", "-s",
                          "-m",    "fast", "-D", self->data, NULL};
    g_autoptr(GError) error = NULL;

    if (!server_programs_run(argv, self->dir, &error))
        log_error("could not stop the private server: %s", error->message);
    if (self->socket_dir != NULL && strcmp(self->socket_dir, self->dir) != 0)
        (void)g_rmdir(self->socket_dir);
}

void
private_stop(Private *self)
{
    if (self == NULL)
        return;
    if (self->ours)
        stop_server(self);
    if (self->lock >= 0)
        close(self->lock);
    g_free(self->dir);
    g_free(self->data);
    g_free(self->bindir);
    g_free(self->socket_dir);
    g_free(self->conninfo);
    g_free(self);
}
