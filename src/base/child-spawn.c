/* SPDX-License-Identifier: PostgreSQL */
/* fork and exec by hand, because posix_spawn can neither change the user nor make a session nor say what
 * failed. Between the two only async-signal-safe functions may be called (other threads of the service
 * held locks at the time of the fork): whatever needs memory is prepared before. */
#include "config.h"

#include "base/child-spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* The child's descriptors are moved here and above, out of the way of 0, 1 and 2. */
#define LOWEST_FD 10
/* Where the child keeps the pipe that reports a failure; all above it are closed. */
#define REPORT_FD 3

typedef enum {
    STAGE_SESSION,
    STAGE_DESCRIPTORS,
    STAGE_USER,
    STAGE_DIRECTORY,
    STAGE_EXEC,
} Stage;

typedef struct {
    Stage stage;
    int code; /* errno */
} Failure;

typedef struct {
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    int n_groups;
} User;

typedef struct {
    const ChildSpec *spec;
    const User *user; /* NULL = stay who we are */
    int null, out, err, report;
    int fd_limit;
    pid_t parent;
} Plan;

static void
user_free(User *self)
{
    g_free(self->groups);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(User, user_free)

static User *
find_user(const char *name, GError **error)
{
    struct passwd entry, *found = NULL;
    size_t size = 64 * 1024;
    g_autofree char *buffer = g_malloc(size);
    int code = getpwnam_r(name, &entry, buffer, size, &found);
    if (!found) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not become user \"%s\": %s",
                    name, code ? g_strerror(code) : "there is no such user");
        return NULL;
    }

    g_autoptr(User) self = g_new0(User, 1);
    self->uid = entry.pw_uid;
    self->gid = entry.pw_gid;
    /* Fails and says how many there are when they do not fit. */
    do {
        self->n_groups = self->n_groups ? self->n_groups : 32;
        self->groups = g_renew(gid_t, self->groups, (gsize)self->n_groups);
    } while (getgrouplist(name, self->gid, self->groups, &self->n_groups) < 0);
    return g_steal_pointer(&self);
}

static void G_GNUC_NORETURN
report(int fd, Stage stage)
{
    Failure failure = {stage, errno};
    ssize_t written = write(fd, &failure, sizeof failure);
    _exit(written == sizeof failure ? 127 : 126);
}

static void
close_from(int lowest, int fd_limit)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, lowest, ~0u, 0) == 0)
        return;
#endif
    for (int fd = lowest; fd < fd_limit; fd++)
        close(fd);
}

/* An ignored signal stays ignored through exec, and so does the mask. */
static void
reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool
become(const User *user)
{
    return setgroups((size_t)user->n_groups, user->groups) == 0 &&
           setresgid(user->gid, user->gid, user->gid) == 0 &&
           setresuid(user->uid, user->uid, user->uid) == 0;
}

/* If we are killed, at least the program itself goes no further. After the change of the user, which would end it. */
static void
die_with(pid_t parent)
{
#ifdef PR_SET_PDEATHSIG
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() != parent)
        _exit(126);
#endif
}

/* In the child. The umask stays ours. */
static void G_GNUC_NORETURN
run(const Plan *plan)
{
    reset_signals();
    if (setsid() < 0)
        report(plan->report, STAGE_SESSION);
    if (dup2(plan->null, 0) < 0 || dup2(plan->out, 1) < 0 || dup2(plan->err, 2) < 0 ||
        dup2(plan->report, REPORT_FD) < 0 || fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC) < 0)
        report(plan->report, STAGE_DESCRIPTORS);
    close_from(REPORT_FD + 1, plan->fd_limit);
    if (plan->user && !become(plan->user))
        report(REPORT_FD, STAGE_USER);
    die_with(plan->parent);
    if (chdir(plan->spec->directory) != 0)
        report(REPORT_FD, STAGE_DIRECTORY);
    execve(plan->spec->argv[0], (char *const *)plan->spec->argv,
           (char *const *)plan->spec->environment);
    report(REPORT_FD, STAGE_EXEC);
}

/* All signals wait while we fork: a handler of ours must not run in the child. */
static pid_t
fork_and_run(const Plan *plan)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        run(plan);
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return pid;
}

static void
set_failure(const ChildSpec *spec, const Failure *failure, GError **error)
{
    const char *reason = g_strerror(failure->code);
    const char *program = spec->argv[0];
    switch (failure->stage) {
    case STAGE_USER:
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not become user \"%s\": %s",
                    spec->user, reason);
        return;
    case STAGE_DIRECTORY:
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM,
                    "could not change to directory \"%s\": %s", spec->directory, reason);
        return;
    case STAGE_EXEC:
        if (failure->code == ENOENT && access(program, F_OK) == 0)
            reason = "the interpreter that its first line names does not exist";
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not run \"%s\": %s%s",
                    program, reason, error_advice(failure->code));
        return;
    case STAGE_SESSION:
    case STAGE_DESCRIPTORS:
        break;
    }
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not start \"%s\": %s%s", program,
                reason, error_advice(failure->code));
}

/* The pipe ends empty when exec closes it, or brings what went wrong. */
static bool
await_exec(const ChildSpec *spec, pid_t pid, int fd, GError **error)
{
    Failure failure;
    ssize_t got;
    do
        got = read(fd, &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return true;

    if (got != sizeof failure)
        failure = (Failure){STAGE_SESSION, got < 0 ? errno : EIO};
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    set_failure(spec, &failure, error);
    return false;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Moves a descriptor away from the numbers that the child needs. */
static bool
lift(int *fd)
{
    if (*fd < 0 || *fd >= LOWEST_FD)
        return *fd >= 0;
    int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, LOWEST_FD);
    close(*fd);
    *fd = lifted;
    return lifted >= 0;
}

static bool
open_pipe(int ends[2])
{
    return g_unix_open_pipe(ends, FD_CLOEXEC, NULL) && lift(&ends[0]) && lift(&ends[1]);
}

typedef struct {
    int null;
    int out[2], err[2], report[2]; /* ours, the child's */
} Pipes;

static void
pipes_close(Pipes *self)
{
    int *all[] = {&self->null,   &self->out[0],    &self->out[1],   &self->err[0],
                  &self->err[1], &self->report[0], &self->report[1]};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        close_fd(all[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pipes, pipes_close)

static bool
pipes_open(Pipes *self, GError **error)
{
    self->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (lift(&self->null) && open_pipe(self->out) && open_pipe(self->err) &&
        open_pipe(self->report) && g_unix_set_fd_nonblocking(self->out[0], TRUE, NULL) &&
        g_unix_set_fd_nonblocking(self->err[0], TRUE, NULL))
        return true;

    int code = errno;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM,
                "could not open pipes to a new process: %s%s", g_strerror(code),
                error_advice(code));
    return false;
}

/* Whoever started us may have left SIGCHLD ignored: then the system would drop exit codes. */
static void
keep_exit_codes(void)
{
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}

static int
fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 65536;
    return (int)MIN(limit.rlim_cur, 1024 * 1024);
}

bool
child_spawn(const ChildSpec *spec, ChildProcess *process, GError **error)
{
    g_auto(Pipes) pipes = {-1, {-1, -1}, {-1, -1}, {-1, -1}};
    g_autoptr(User) user = spec->user ? find_user(spec->user, error) : NULL;
    if ((spec->user && !user) || !pipes_open(&pipes, error))
        return false;

    keep_exit_codes();
    Plan plan = {
        .spec = spec,
        .user = user,
        .null = pipes.null,
        .out = pipes.out[1],
        .err = pipes.err[1],
        .report = pipes.report[1],
        .fd_limit = fd_limit(),
        .parent = getpid(),
    };
    pid_t pid = fork_and_run(&plan);
    if (pid < 0) {
        set_failure(spec, &(Failure){STAGE_SESSION, errno}, error);
        return false;
    }

    close_fd(&pipes.report[1]);
    if (!await_exec(spec, pid, pipes.report[0], error))
        return false;
    process->pid = pid;
    process->out = pipes.out[0];
    process->err = pipes.err[0];
    pipes.out[0] = pipes.err[0] = -1;
    return true;
}
