/* SPDX-License-Identifier: PostgreSQL */
/* Plans for tests in other languages. Each line of stdin: the columns of a schedule (see schedule-text.h), then
 * the instant after which to look, then, optionally, how many slots to give (1); separated by tabs.
 * Each line of stdout: the slots as microseconds since 1970, separated by blanks, then "never" or "beyond" if there
 * are no more; or "error" and why. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "print-slots.h"
#include "schedule-text.h"

#define AFTER   N_SCHEDULE_TEXT_COLUMNS
#define HOWMANY (AFTER + 1)

static void
plan_line(char *line)
{
    g_auto(GStrv) columns = g_strsplit(g_strchomp(line), "\t", -1);
    guint n = g_strv_length(columns);
    if (n < HOWMANY || n > HOWMANY + 1) {
        printf("error: %u columns\n", n);
        return;
    }
    g_autofree char *problem = NULL;
    g_autoptr(Schedule) schedule = schedule_text_read(columns, 1, &problem);
    int64_t after;
    if (!schedule)
        printf("error: %s\n", problem);
    else if (!schedule_text_read_instant(columns[AFTER], schedule_zone(schedule), &after))
        printf("error: cannot read instant \"%s\"\n", columns[AFTER]);
    else
        print_slots(schedule, after, n > HOWMANY ? g_ascii_strtoll(columns[HOWMANY], NULL, 10) : 1);
}

int
main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) >= 0) {
        plan_line(line);
        fflush(stdout);
    }
    free(line);
    return 0;
}
