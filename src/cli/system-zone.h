/* SPDX-License-Identifier: PostgreSQL */
/* The time zone of the machine that a command runs on. (The service never asks for it: see pga_setting.) */
#pragma once

#include "calendar/zone.h"

/* Where it may be written down, in the order in which it is looked for. */
typedef struct {
    const char *tz;        /* the variable TZ, which may name a zone; NULL */
    const char *link;      /* a link into the zone database: /etc/localtime */
    const char *name_file; /* a file with the name: /etc/timezone */
} SystemZonePlaces;

/* The first that names a zone that exists; else UTC. */
Zone *system_zone_find(const SystemZonePlaces *places, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In the usual places. */
Zone *system_zone_load(GError **error) G_GNUC_WARN_UNUSED_RESULT;
