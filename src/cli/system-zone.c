/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/system-zone.h"

#include <string.h>

/* Of a path into the database only the name: TZ may be one, and may begin with a colon. */
static Zone *
try_name(const char *name)
{
    static const char folder[] = "zoneinfo/";
    const char *in_folder = strstr(name, folder);
    if (in_folder)
        name = in_folder + strlen(folder);
    else if (*name == ':')
        name++;
    return zone_load(name, NULL, NULL);
}

static Zone *
try_link(const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);
    return target ? try_name(target) : NULL;
}

static Zone *
try_file(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    return try_name(g_strstrip(text));
}

Zone *
system_zone_find(const SystemZonePlaces *places, GError **error)
{
    Zone *zone = places->tz ? try_name(places->tz) : NULL;
    if (!zone)
        zone = try_link(places->link);
    if (!zone)
        zone = try_file(places->name_file);
    return zone ? zone : zone_load("UTC", NULL, error);
}

Zone *
system_zone_load(GError **error)
{
    SystemZonePlaces places = {
        .tz = g_getenv("TZ"), .link = "/etc/localtime", .name_file = "/etc/timezone"};
    return system_zone_find(&places, error);
}
