/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "strike.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared with children. */
typedef struct {
    gint is_armed;
    StrikeKind kind;
    gint left;
    char struck[64];
} Strike;

static Strike *
the_strike(void)
{
    static Strike *strike;

    if (strike == NULL)
        strike =
            mmap(NULL, sizeof(Strike), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(strike != MAP_FAILED);
    return strike;
}

void
strike_arm(StrikeKind kind, int after)
{
    Strike *strike = the_strike();

    strike->kind = kind;
    strike->left = after;
    strike->struck[0] = '\0';
    g_atomic_int_set(&strike->is_armed, 1);
}

const char *
strike_disarm(void)
{
    Strike *strike = the_strike();

    g_atomic_int_set(&strike->is_armed, 0);
    return strike->struck[0] != '\0' ? strike->struck : NULL;
}

static bool
strikes(StrikeKind kind, const char *what)
{
    Strike *strike = the_strike();

    if (!g_atomic_int_get(&strike->is_armed) || strike->kind != kind ||
        g_atomic_int_add(&strike->left, -1) != 0)
        return false;
    g_strlcpy(strike->struck, what, sizeof strike->struck);
    return true;
}

static bool
strikes_hard(const char *what, int code)
{
    if (!strikes(STRIKE_HARD, what))
        return false;
    errno = code;
    return true;
}

/* A wrapped function of libpq or the system, whose failure is that value (and errno). */
#define WRAP(type, name, parameters, arguments, failure, code)                                     \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return strikes_hard(#name, code) ? (failure) : __real_##name arguments;                    \
    }

/* libpq, as we call it */

typedef const char *const *Texts;

WRAP(PGconn *, PQconnectStartParams, (Texts keywords, Texts values, int expand),
     (keywords, values, expand), NULL, ENOMEM)
WRAP(PostgresPollingStatusType, PQconnectPoll, (PGconn * conn), (conn), PGRES_POLLING_FAILED,
     ECONNRESET)
WRAP(int, PQsetnonblocking, (PGconn * conn, int on), (conn, on), -1, ENOMEM)
WRAP(int, PQconsumeInput, (PGconn * conn), (conn), 0, ENOMEM)
WRAP(int, PQflush, (PGconn * conn), (conn), -1, EPIPE)
WRAP(int, PQsendQuery, (PGconn * conn, const char *sql), (conn, sql), 0, ENOMEM)
WRAP(int, PQsetSingleRowMode, (PGconn * conn), (conn), 0, EINVAL)
WRAP(int, PQsendPrepare,
     (PGconn * conn, const char *name, const char *sql, int count, const Oid *types),
     (conn, name, sql, count, types), 0, ENOMEM)
WRAP(int, PQsendQueryParams,
     (PGconn * conn, const char *sql, int count, const Oid *types, Texts values, const int *lengths,
      const int *formats, int format),
     (conn, sql, count, types, values, lengths, formats, format), 0, ENOMEM)
WRAP(int, PQsendQueryPrepared,
     (PGconn * conn, const char *name, int count, Texts values, const int *lengths,
      const int *formats, int format),
     (conn, name, count, values, lengths, formats, format), 0, ENOMEM)
WRAP(int, PQenterPipelineMode, (PGconn * conn), (conn), 0, EINVAL)
WRAP(int, PQexitPipelineMode, (PGconn * conn), (conn), 0, EINVAL)
WRAP(int, PQpipelineSync, (PGconn * conn), (conn), 0, ENOMEM)
/* What libpq before version 15 does when there is no memory for a result. */
WRAP(PGresult *, PQgetResult, (PGconn * conn), (conn), NULL, ENOMEM)

/* Between libpq and itself, and the system: the program's functions come before those of shared libraries. */

static gpointer
next_function(const char *name)
{
    gpointer function = dlsym(RTLD_NEXT, name);

    g_assert_nonnull(function);
    return function;
}

PGresult *
PQmakeEmptyPGresult(PGconn *conn, ExecStatusType status)
{
    PGresult *(*next)(PGconn *, ExecStatusType) =
        (PGresult * (*)(PGconn *, ExecStatusType)) next_function("PQmakeEmptyPGresult");

    /* Without memory for this one libpq itself would wait for ever. */
    if (status == PGRES_PIPELINE_SYNC)
        return next(conn, status);
    return strikes_hard("PQmakeEmptyPGresult", ENOMEM) ? NULL : next(conn, status);
}

/* One of several things that are no failure; each call is the next one's turn. */
static int
soft_code(void)
{
    static const int codes[] = {EINTR, EAGAIN, 0 /* only a byte */};
    static guint turn;

    return codes[turn++ % G_N_ELEMENTS(codes)];
}

ssize_t
send(int socket, const void *data, size_t length, int flags)
{
    ssize_t (*next)(int, const void *, size_t, int) =
        (ssize_t(*)(int, const void *, size_t, int))next_function("send");

    if (strikes_hard("send", ECONNRESET)) {
        (void)shutdown(socket, SHUT_RDWR);
        return -1;
    }
    if (!strikes(STRIKE_SOFT, "send"))
        return next(socket, data, length, flags);
    errno = soft_code();
    return errno != 0 ? -1 : next(socket, data, MIN(length, 1), flags);
}

ssize_t
recv(int socket, void *data, size_t length, int flags)
{
    ssize_t (*next)(int, void *, size_t, int) =
        (ssize_t(*)(int, void *, size_t, int))next_function("recv");

    if (strikes_hard("recv", ECONNRESET))
        return -1;
    if (!strikes(STRIKE_SOFT, "recv"))
        return next(socket, data, length, flags);
    errno = soft_code();
    return errno != 0 ? -1 : next(socket, data, MIN(length, 1), flags);
}

/* The system, as children are started and watched */

WRAP(pid_t, fork, (void), (), -1, EAGAIN)
WRAP(gboolean, g_unix_open_pipe, (gint * ends, gint flags, GError **error), (ends, flags, error),
     FALSE, EMFILE)
WRAP(int, dup2, (int from, int to), (from, to), -1, EBUSY)
WRAP(pid_t, setsid, (void), (), -1, EPERM)
WRAP(int, chdir, (const char *path), (path), -1, EACCES)
WRAP(int, execve, (const char *path, char *const *argv, char *const *environment),
     (path, argv, environment), -1, ENOMEM)

int __real_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
int
__wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    return strikes_hard("waitid", ECHILD) ? -1 : __real_waitid(type, id, info, options);
}

int __real_fcntl(int descriptor, int command, ...);
int __wrap_fcntl(int descriptor, int command, ...);
int
__wrap_fcntl(int descriptor, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    int argument = va_arg(arguments, int);
    va_end(arguments);
    return strikes_hard("fcntl", EMFILE) ? -1 : __real_fcntl(descriptor, command, argument);
}

ssize_t __real_read(int descriptor, void *data, size_t length);
ssize_t __wrap_read(int descriptor, void *data, size_t length);
ssize_t
__wrap_read(int descriptor, void *data, size_t length)
{
    if (!strikes(STRIKE_SOFT, "read"))
        return __real_read(descriptor, data, length);
    errno = EINTR;
    return -1;
}
