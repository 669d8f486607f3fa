/* SPDX-License-Identifier: PostgreSQL */
/* Checks of clocks: what time it is here and at the server, and what both know of the time zone. */
#include "config.h"

#include <inttypes.h>

#include "base/clock.h"
#include "calendar/instant.h"
#include "calendar/zone.h"
#include "cli/doctor-private.h"

#define TOLERANCE_US 2000000
#define SECOND_US    1000000

bool
doctor_look_at_clock(Doctor *self, GError **error)
{
    int64_t before_at = clock_now_at();
    g_autoptr(PGresult) rows = doctor_query(self, "doctor_server", NULL, error);
    int64_t after_at = clock_now_at();

    if (rows == NULL)
        return false;
    /* The server read its clock at some instant between both. */
    int64_t server_at = g_ascii_strtoll(cli_result_text(rows, 0, 2), NULL, 10);
    int64_t ahead_us = before_at > server_at ? before_at - server_at : after_at - server_at;
    if (before_at <= server_at && server_at <= after_at)
        ahead_us = 0;
    if (ABS(ahead_us) <= TOLERANCE_US)
        return true;
    g_autofree char *what =
        g_strdup_printf("this machine's clock is %.1f s %s the server's",
                        (double)ABS(ahead_us) / SECOND_US, ahead_us > 0 ? "ahead of" : "behind");
    doctor_add(self, FINDING_WARNING, NULL, what,
               "have both set their clocks by NTP; runs begin by the database's clock");
    return true;
}

static void
add_difference(Doctor *self, const Zone *zone, int64_t at)
{
    g_autofree char *day = instant_print_label(at, ' ');
    g_autofree char *what = g_strdup_printf(
        "the server and this machine do not know the same time zone %s: on %.10s they "
        "differ",
        zone_name(zone), day);

    doctor_add(self, FINDING_WARNING, NULL, what,
               "bring the older one's tzdata up to date (a server may carry its own), then restart "
               "server and agents");
}

/* New rules of a zone reach server and machine by different packages: the same schedule would mean two times. */
bool
doctor_look_at_zone(Doctor *self, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(Zone) zone = zone_load(doctor_fact(self, "zone"), NULL, &reason);

    if (zone == NULL) {
        g_autofree char *what =
            g_strdup_printf("this machine does not know the time zone of the jobs, so that their "
                            "schedules were not looked at: %s",
                            reason->message);
        doctor_add(self, doctor_has(self, "pga_setting") ? FINDING_WARNING : FINDING_NOTE, NULL,
                   what, "install tzdata, or choose an IANA name: pgalmanac setup --timezone");
        return true;
    }

    g_autoptr(PGresult) rows = doctor_query(self, "doctor_offsets", "zone", error);
    if (rows == NULL)
        return false;
    for (int row = 0; row < PQntuples(rows); row++) {
        int64_t at = g_ascii_strtoll(cli_result_text(rows, row, 0), NULL, 10) * SECOND_US;
        int64_t seconds = g_ascii_strtoll(cli_result_text(rows, row, 1), NULL, 10);
        if (zone_offset(zone, at) != seconds) {
            add_difference(self, zone, at);
            break;
        }
    }
    return true;
}
