/* SPDX-License-Identifier: PostgreSQL */
/* Connection strings: read, described, masked. The bytes are one string, in which each SOH byte stands for a
 * password; wherever a string puts it as a password, no message may show it.
 * fuzz-sources: src/base/*.c src/db/conninfo.c src/db/hosts.c src/db/target.c
 * A string with the marker anywhere else (a host, a database, a misplaced word) tells nothing about passwords,
 * so it only has to survive. */
#include "config.h"

#include <glib.h>
#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "db/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char password[] = "S3cretW0rd";

static char *
insert_passwords(const uint8_t *data, size_t size)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == 1)
            g_string_append(text, password);
        else if (data[i] != 0)
            g_string_append_c(text, (char)data[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static size_t
count_passwords(const char *text)
{
    size_t count = 0;
    for (const char *p = strstr(text, password); p; p = strstr(p + 1, password))
        count++;
    return count;
}

/* How many of the markers libpq takes for a password, -1 if it cannot read the string. */
static int
count_as_read(const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    if (!options)
        return -1;
    int count = 0;
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        bool is_secret =
            strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0;
        if (is_secret && o->val)
            count += (int)count_passwords(o->val);
    }
    PQconninfoFree(options);
    return count;
}

static void
assert_hidden(const char *shown)
{
    if (strstr(shown, password))
        g_error("the password shows in: %s", shown);
}

static void
check_messages(const char *conninfo, bool all_are_passwords)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DbTarget) target = db_target_parse(conninfo, &error);
    g_assert_true((target == NULL) == (error != NULL));
    if (all_are_passwords)
        assert_hidden(target ? db_target_describe(target) : error->message);
    if (!target)
        return;
    for (int i = 0; i < db_target_host_count(target); i++) {
        g_autofree char *host = db_target_describe_host(target, i);
        if (all_are_passwords)
            assert_hidden(host);
    }
    g_autoptr(DbTarget) other = db_target_with_database(target, "other");
    g_assert_cmpstr(db_target_server(target), ==, db_target_server(other));
}

static void
check_mask(const char *conninfo, bool all_are_passwords)
{
    g_autofree char *masked = g_strdup(conninfo);
    db_conninfo_mask(masked);
    g_assert_cmpuint(strlen(masked), ==, strlen(conninfo));
    for (size_t i = 0; masked[i]; i++)
        g_assert_true(masked[i] == conninfo[i] || masked[i] == 'x');
    if (all_are_passwords)
        assert_hidden(masked);
}

/* What is wrong with this string is not the password in front, but libpq's message may quote it. */
static void
check_errors_after_password(const char *conninfo)
{
    g_autofree char *longer = g_strdup_printf("password=%s %s", password, conninfo);
    if (count_passwords(conninfo) > 0)
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(DbTarget) target = db_target_parse(longer, &error);
    assert_hidden(target ? db_target_describe(target) : error->message);
    db_conninfo_mask(longer);
    assert_hidden(longer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *conninfo = insert_passwords(data, size);
    size_t written = count_passwords(conninfo);
    bool all_are_passwords = written > 0 && count_as_read(conninfo) == (int)written;
    check_messages(conninfo, all_are_passwords);
    check_mask(conninfo, all_are_passwords);
    check_errors_after_password(conninfo);
    return 0;
}
