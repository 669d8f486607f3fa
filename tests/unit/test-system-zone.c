/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/system-zone.h"

#include <glib/gstdio.h>
#include <unistd.h>

typedef struct {
    const char *tz;
    const char *link; /* what it points to; NULL = there is none */
    const char *file; /* what is in it */
    const char *zone;
} Case;

static const Case cases[] = {
    {NULL, NULL, NULL, "UTC"},
    {"Europe/Berlin", "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Kolkata\n", "Europe/Berlin"},
    {":Europe/Berlin", NULL, NULL, "Europe/Berlin"},
    {"/usr/share/zoneinfo/Europe/Berlin", NULL, NULL, "Europe/Berlin"},
    /* Not the name of a zone. */
    {"", "/usr/share/zoneinfo/Asia/Tokyo", NULL, "Asia/Tokyo"},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "../usr/share/zoneinfo/Asia/Tokyo", NULL, "Asia/Tokyo"},
    {"Europe/Atlantis", NULL, "Asia/Kolkata\n", "Asia/Kolkata"},
    {NULL, "/somewhere/else", "  Asia/Kolkata  \nAsia/Tokyo\n", "Asia/Kolkata"},
    {NULL, "/usr/share/zoneinfo/No/Such", "nonsense", "UTC"},
    {NULL, NULL, "", "UTC"},
};

static void
check(const Case *expected, const char *directory)
{
    g_autofree char *link_path = g_build_filename(directory, "localtime", NULL);
    g_autofree char *file_path = g_build_filename(directory, "timezone", NULL);
    if (expected->link)
        g_assert_cmpint(symlink(expected->link, link_path), ==, 0);
    if (expected->file)
        g_assert_true(g_file_set_contents(file_path, expected->file, -1, NULL));

    g_autoptr(GError) error = NULL;
    SystemZonePlaces places = {expected->tz, link_path, file_path};
    g_autoptr(Zone) zone = system_zone_find(&places, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(zone_name(zone), ==, expected->zone);
    (void)g_unlink(link_path);
    (void)g_unlink(file_path);
}

static void
test_places(void)
{
    g_autofree char *directory = g_dir_make_tmp("test-system-zone-XXXXXX", NULL);
    g_assert_nonnull(directory);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check(&cases[i], directory);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/system-zone/places", test_places);
    return g_test_run();
}
