/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar-libical.h"

#ifdef HAVE_LIBICAL
#include <libical/ical.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 3
#define STEPS  2000

typedef struct {
    struct icalrecurrencetype rule;
    struct icaltimetype start;
    const char *const *asked;
    guint n_asked;
} Job;

static double
cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double
step_once(const Job *job)
{
    icalrecur_iterator *iterator = icalrecur_iterator_new(job->rule, job->start);
    double before = cpu_ns();
    guint n = 0;
    while (n < STEPS && !icaltime_is_null_time(icalrecur_iterator_next(iterator)))
        n++;
    double ns = (cpu_ns() - before) / MAX(n, 1);
    icalrecur_iterator_free(iterator);
    return ns;
}

static double
ask_once(const Job *job, LibicalWay way)
{
    double before = cpu_ns();
    for (guint i = 0; i < job->n_asked; i++) {
        struct icaltimetype after = icaltime_from_string(job->asked[i]);
        icalrecur_iterator *iterator = icalrecur_iterator_new(job->rule, job->start);
        if (way == LIBICAL_SET_START)
            icalrecur_iterator_set_start(iterator, after);
        struct icaltimetype slot;
        do
            slot = icalrecur_iterator_next(iterator);
        while (!icaltime_is_null_time(slot) && icaltime_compare(slot, after) <= 0);
        icalrecur_iterator_free(iterator);
    }
    return (cpu_ns() - before) / job->n_asked;
}

/* The time of the child; nothing if it took too long. */
static void
measure_and_write(const Job *job, LibicalWay way, int fd)
{
    alarm(LIBICAL_SECONDS);
    double best = way == LIBICAL_STEP ? step_once(job) : ask_once(job, way);
    for (int round = 1; round < ROUNDS && best * job->n_asked < 1e8; round++) {
        double ns = way == LIBICAL_STEP ? step_once(job) : ask_once(job, way);
        best = MIN(best, ns);
    }
    (void)!write(fd, &best, sizeof best);
    _exit(0);
}

double
libical_measure(LibicalWay way, const char *rule, const char *dtstart, const char *const *asked,
                guint n_asked)
{
    Job job = {.rule = icalrecurrencetype_from_string(rule),
               .start = icaltime_from_string(dtstart),
               .asked = asked,
               .n_asked = n_asked};
    icalrecur_iterator *iterator = icalrecur_iterator_new(job.rule, job.start);
    int fds[2];
    if (!iterator || pipe(fds) != 0)
        return LIBICAL_NONE;
    icalrecur_iterator_free(iterator);

    pid_t child = fork();
    if (child == 0)
        measure_and_write(&job, way, fds[1]);
    close(fds[1]);
    double ns = LIBICAL_HANGS;
    if (child < 0 || read(fds[0], &ns, sizeof ns) != sizeof ns)
        ns = LIBICAL_HANGS;
    close(fds[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return ns;
}

#else

double
libical_measure(LibicalWay way, const char *rule, const char *dtstart, const char *const *asked,
                guint n_asked)
{
    return LIBICAL_NONE;
}

#endif
