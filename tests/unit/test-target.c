/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/target.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"

static DbTarget *
parse(const char *conninfo)
{
    g_autoptr(GError) error = NULL;
    DbTarget *target = db_target_parse(conninfo, &error);
    g_assert_no_error(error);
    g_assert_nonnull(target);
    return target;
}

/* What every connection gets so that a dead peer is noticed. */
#define WATCHFUL                                                                                   \
    " keepalives_idle=10 keepalives_interval=5 keepalives_count=4 tcp_user_timeout=30000"

/* "host=a port=b …" of what is given to libpq, in its order. */
static char *
filled(const DbTarget *target, int pass, int host, const char *address)
{
    g_autoptr(GPtrArray) keywords = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    db_target_fill(target, pass, host, address, "me", keywords, values);
    g_assert_cmpuint(keywords->len, ==, values->len);
    g_assert_null(keywords->pdata[keywords->len - 1]);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i + 1 < keywords->len; i++)
        g_string_append_printf(text, "%s%s=%s", i ? " " : "", (char *)keywords->pdata[i],
                               (char *)values->pdata[i]);
    return g_string_free(text, FALSE);
}

static void
test_simple(void)
{
    g_autoptr(DbTarget) target = parse("host=db1 port=5433 dbname=sales user=u sslmode=require");
    g_assert_cmpint(db_target_host_count(target), ==, 1);
    g_assert_cmpstr(db_target_host(target, 0)->host, ==, "db1");
    g_assert_cmpstr(db_target_host(target, 0)->port, ==, "5433");
    g_assert_null(db_target_host(target, 0)->hostaddr);
    g_assert_cmpstr(db_target_database(target), ==, "sales");
    g_assert_cmpstr(db_target_describe(target), ==,
                    "database \"sales\" on host \"db1\", port 5433");
    g_autofree char *text = filled(target, 0, 0, "10.0.0.1");
    g_assert_cmpstr(text, ==,
                    "user=u sslmode=require host=db1 hostaddr=10.0.0.1 port=5433 dbname=sales "
                    "client_encoding=UTF8 application_name=me" WATCHFUL);
}

static void
test_lists(void)
{
    g_autoptr(DbTarget) target =
        parse("host=a,/tmp,c hostaddr=,,10.0.0.3 port=1,,3 dbname=d connect_timeout=7");
    g_assert_cmpint(db_target_host_count(target), ==, 3);
    g_assert_cmpstr(db_target_host(target, 1)->host, ==, "/tmp");
    g_assert_cmpstr(db_target_host(target, 1)->port, ==, "5432");
    g_assert_true(db_target_host_is_socket(db_target_host(target, 1)));
    g_assert_false(db_target_host_is_socket(db_target_host(target, 2)));
    g_assert_cmpstr(db_target_host(target, 2)->hostaddr, ==, "10.0.0.3");
    g_assert_cmpint(db_target_connect_timeout_us(target), ==, 7000000);
    g_assert_cmpstr(db_target_describe(target), ==,
                    "database \"d\" on host \"a\", port 1, socket directory \"/tmp\", port 5432 or "
                    "host \"c\", port 3");

    g_autoptr(DbTarget) uri = parse("postgresql://u@h1:1,h2:2,[::1]/db?application_name=own");
    g_assert_cmpint(db_target_host_count(uri), ==, 3);
    g_assert_cmpstr(db_target_host(uri, 1)->port, ==, "2");
    g_assert_cmpstr(db_target_host(uri, 2)->host, ==, "::1");
    g_autofree char *text = filled(uri, 0, 0, NULL);
    g_assert_cmpstr(text, ==,
                    "user=u application_name=own host=h1 port=1 dbname=db client_encoding=UTF8 "
                    "target_session_attrs=primary" WATCHFUL);
}

static void
test_defaults_come_from_the_environment(void)
{
    g_setenv("PGHOST", "envhost", TRUE);
    g_setenv("PGPORT", "6000", TRUE);
    g_setenv("PGCONNECT_TIMEOUT", "4", TRUE);
    g_autoptr(DbTarget) target = parse("user=somebody");
    g_unsetenv("PGHOST");
    g_unsetenv("PGPORT");
    g_unsetenv("PGCONNECT_TIMEOUT");
    g_assert_cmpstr(db_target_host(target, 0)->host, ==, "envhost");
    g_assert_cmpstr(db_target_host(target, 0)->port, ==, "6000");
    g_assert_cmpstr(db_target_database(target), ==, "somebody");
    g_assert_cmpint(db_target_connect_timeout_us(target), ==, 4000000);

    g_autoptr(DbTarget) local = parse("dbname=d user=u");
    g_assert_true(db_target_host_is_socket(db_target_host(local, 0)));
    g_assert_cmpstr(db_target_describe(local), ==, "database \"d\" on the local socket, port 5432");
}

static void
test_service(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("serviceXXXXXX", &path, &error);
    g_assert_no_error(error);
    g_close(fd, NULL);
    g_file_set_contents(path, "[there]\nhost=far\nport=7000\ndbname=away\nuser=u\n", -1, &error);
    g_assert_no_error(error);
    g_setenv("PGSERVICEFILE", path, TRUE);
    g_autoptr(DbTarget) target = parse("service=there dbname=mine");
    g_assert_null(db_target_parse("service=elsewhere", &error));
    g_unsetenv("PGSERVICEFILE");
    g_unlink(path);

    g_assert_cmpstr(db_target_host(target, 0)->host, ==, "far");
    g_assert_cmpstr(db_target_host(target, 0)->port, ==, "7000");
    g_assert_cmpstr(db_target_database(target), ==, "mine");
    g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "elsewhere"));
}

static void
test_other_database(void)
{
    g_autoptr(DbTarget) target = parse("host=h dbname=a user=u password=geheim");
    const char *odd = "o'd d\\ = b";
    g_autoptr(DbTarget) other = db_target_with_database(target, odd);
    g_assert_cmpstr(db_target_database(other), ==, odd);
    g_assert_cmpstr(db_target_server(other), ==, db_target_server(target));
    g_assert_cmpstr(db_target_key(other), !=, db_target_key(target));
    g_autofree char *text = filled(other, 0, 0, NULL);
    g_assert_nonnull(strstr(text, "password=geheim"));
    g_assert_nonnull(strstr(text, odd));
    g_autoptr(DbTarget) back = db_target_with_database(other, "a");
    g_assert_cmpstr(db_target_key(back), ==, db_target_key(target));
}

static void
test_keys(void)
{
    g_autoptr(DbTarget) a = parse("host=h dbname=d user=u password=x");
    g_autoptr(DbTarget) b = parse("password=x user=u dbname='d' host=h port=5432");
    g_autoptr(DbTarget) c = parse("host=h dbname=d user=u password=y");
    g_autoptr(DbTarget) d = parse("host=h dbname=d user=u password=x options='-c a=b'");
    g_assert_cmpstr(db_target_key(a), ==, db_target_key(b));
    g_assert_cmpstr(db_target_key(a), !=, db_target_key(c));
    g_assert_cmpstr(db_target_key(a), !=, db_target_key(d));

    /* Who is patient does not take a connection that somebody else opens, who gives up soon. */
    g_autoptr(DbTarget) patient = parse("host=a user=u dbname=d connect_timeout=1000");
    g_autoptr(DbTarget) hasty = parse("host=a user=u dbname=d connect_timeout=1");
    g_autoptr(DbTarget) patient_there = db_target_with_database(patient, "x");
    g_autoptr(DbTarget) hasty_there = db_target_with_database(hasty, "x");
    g_assert_cmpstr(db_target_key(patient), !=, db_target_key(hasty));
    g_assert_cmpstr(db_target_key(patient_there), !=, db_target_key(hasty_there));
    g_assert_cmpstr(db_target_server(a), ==, db_target_server(d));
}

static void
test_prefer_standby_takes_two_passes(void)
{
    g_autoptr(DbTarget) target =
        parse("host=a,b target_session_attrs=prefer-standby user=u dbname=d");
    g_assert_cmpint(db_target_pass_count(target), ==, 2);
    g_autofree char *first = filled(target, 0, 1, NULL);
    g_autofree char *second = filled(target, 1, 1, NULL);
    g_assert_nonnull(strstr(first, "target_session_attrs=standby"));
    g_assert_nonnull(strstr(second, "target_session_attrs=any"));
    g_autoptr(DbTarget) plain = parse("host=a,b target_session_attrs=primary");
    g_assert_cmpint(db_target_pass_count(plain), ==, 1);
}

/* In this pass: what libpq is told, NULL = nothing. */
static char *
attrs_of(const DbTarget *target, int pass)
{
    g_autofree char *text = filled(target, pass, 0, NULL);
    const char *found = strstr(text, "target_session_attrs=");
    if (!found)
        return NULL;
    found = strchr(found, '=') + 1;
    return g_strndup(found, strcspn(found, " "));
}

static void
test_which_server_is_wanted(void)
{
    static const struct {
        const char *conninfo;
        const char *passes[2];
        const char *for_writing;
    } cases[] = {
        {"host=a", {NULL, NULL}, "primary"},
        {"host=a,b", {"primary", "any"}, "primary"},
        {"host=a,b target_session_attrs=any", {"any", NULL}, "primary"},
        {"host=a,b target_session_attrs=standby", {"standby", NULL}, "primary"},
        {"host=a,b target_session_attrs=prefer-standby", {"standby", "any"}, "primary"},
        {"host=a target_session_attrs=read-write", {"read-write", NULL}, "read-write"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(DbTarget) target = parse(cases[i].conninfo);
        g_autoptr(DbTarget) writing = db_target_for_writing(target);
        g_autoptr(DbTarget) beside = db_target_with_database(writing, "other");
        int count = cases[i].passes[1] ? 2 : 1;
        g_assert_cmpint(db_target_pass_count(target), ==, count);
        for (int pass = 0; pass < count; pass++) {
            g_autofree char *attrs = attrs_of(target, pass);
            g_assert_cmpstr(attrs, ==, cases[i].passes[pass]);
        }
        g_autofree char *attrs = attrs_of(beside, 0);
        g_assert_cmpstr(attrs, ==, cases[i].for_writing);
        g_assert_cmpint(db_target_pass_count(beside), ==, 1);
        g_assert_true(db_target_wants_primary(writing, 0) && db_target_is_for_writing(beside));
        g_assert_false(db_target_is_for_writing(target));
    }
}

static void
test_errors_say_why(void)
{
    static const struct {
        const char *conninfo;
        const char *part;
    } cases[] = {
        {"host=h hots=x", "\"hots\""},
        {"host", "missing \"=\""},
        {"host=a,b port=1,2,3", "port"},
        {"host=a port=none", "port is not a number"},
        {"host=a port=70000", "port is not a number"},
        {"postgresql://h:5432:1/d", "port is not a number"},
        {"postgresql://[::1", "]"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(db_target_parse(cases[i].conninfo, &error));
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
        g_test_message("%s: %s", cases[i].conninfo, error->message);
        g_assert_nonnull(strstr(error->message, cases[i].part));
        g_assert_null(strchr(error->message, '\n'));
    }
}

/* Neither what is read nor what is not may show the password, or the recognisable half of it. */
static void
test_no_password_in_messages(void)
{
    static const char *const cases[] = {
        "host=h password=S3cret dbname=d",
        "host=h password='S3cret' dbname=d",
        "host=h password=my S3cret",
        "host=h password=my S3cret=1",
        "host=h password='S3cret",
        "host=h password='a'S3cret",
        "host=h password=a S3cret = 1 dbname=d",
        "host=h sslpassword=S3cret dbname=d",
        "host=h dbname='postgresql://u:S3cret@h/d'",
        "host=h dbname='host=x password=S3cret'",
        "host=u:S3cret@h dbname=d",
        "postgresql://u:S3cret@h/d",
        "postgresql://u:pa@S3cret@h/d",
        "postgresql://u:pa/S3cret@h/d",
        "postgresql://u:12/S3cret@h/d",
        "postgresql://u:S3cret/12@h/d",
        "postgresql://u:pa?S3cret@h/d",
        "postgresql://u:pa/b?S3cret@h/d",
        "postgresql://u:pa@x:S3cret@h/d",
        "postgresql://u:S3cret%zz@h/d",
        "postgresql://h/d?user=u&password=S3cret",
        "postgresql://h/d?user=u&password=a&S3cret",
        "postgresql://h/d?user=u&password=a=S3cret",
        "postgresql://h/d?pass%77ord=a&S3cret=1",
        "postgresql://[u:S3cret@h/d",
        "postgresql://[::1]S3cret:@h/d",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(DbTarget) target = db_target_parse(cases[i], &error);
        const char *shown = target ? db_target_describe(target) : error->message;
        g_test_message("%s: %s", cases[i], shown);
        g_assert_null(strstr(shown, "S3cret"));
    }
}

static void
test_mask(void)
{
    static const struct {
        const char *conninfo;
        const char *masked;
    } cases[] = {
        {"", ""},
        {"host=h dbname=d", "host=h dbname=d"},
        {"host=h password=abc dbname=d", "host=h password=xxx dbname=d"},
        {"password = 'a b' user=u", "password = 'xxx' user=u"},
        {"password='a\\'b' user=u", "password='xxxx' user=u"},
        {"password=a\\ b user=u", "password=xxxx user=u"},
        {"password=", "password="},
        {"sslpassword=abc passfile=/f", "sslpassword=xxx passfile=/f"},
        {"user='password=abc' password=abc", "user='password=abc' password=xxx"},
        {"password=my secret", "password=xxxxxxxxx"},
        {"password='my secret", "password=xxxxxxxxxx"},
        {"postgresql://u:abc@h/d", "postgresql://u:xxx@h/d"},
        {"postgres://u:abc@h1:1,h2:2/d?sslmode=require",
         "postgres://u:xxx@h1:1,h2:2/d?sslmode=require"},
        {"postgresql://u@h:5432/d", "postgresql://u@h:5432/d"},
        {"postgresql://h:5432/d?user=a@b", "postgresql://h:5432/d?user=a@b"},
        {"postgresql://u:a@b@h/d", "postgresql://u:xxx@h/d"},
        {"postgresql://u:a/b@h/d", "postgresql://u:xxx@h/d"},
        {"postgresql://u:a?b@h/d", "postgresql://u:xxx@h/d"},
        {"postgresql:///d?user=u&password=abc&port=1",
         "postgresql:///d?user=u&password=xxx&port=1"},
        {"postgresql:///d?pass%77ord=abc", "postgresql:///d?pass%77ord=xxx"},
        {"postgresql:///d?password=a&bc", "postgresql:///d?password=xxxx"},
        {"postgresql://u:p@h/d?password=abc", "postgresql://u:x@h/d?password=xxx"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *conninfo = g_strdup(cases[i].conninfo);
        db_conninfo_mask(conninfo);
        g_assert_cmpstr(conninfo, ==, cases[i].masked);
    }
}

static void
test_mask_words(void)
{
    char host[] = "host=h", first[] = "password='my", second[] = "secret'", last[] = "user=u";
    char *words[] = {host, first, second, last};
    db_conninfo_mask_words(words, 4);
    g_assert_cmpstr(host, ==, "host=h");
    g_assert_cmpstr(first, ==, "password='xx");
    g_assert_cmpstr(second, ==, "xxxxxx'");
    g_assert_cmpstr(last, ==, "user=u");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const char *const variables[] = {"PGHOST",     "PGPORT",           "PGUSER",
                                            "PGDATABASE", "PGSERVICE",        "PGHOSTADDR",
                                            "PGAPPNAME",  "PGCONNECT_TIMEOUT"};
    for (gsize i = 0; i < G_N_ELEMENTS(variables); i++)
        g_unsetenv(variables[i]);
    g_test_add_func("/target/simple", test_simple);
    g_test_add_func("/target/lists", test_lists);
    g_test_add_func("/target/environment", test_defaults_come_from_the_environment);
    g_test_add_func("/target/service", test_service);
    g_test_add_func("/target/other-database", test_other_database);
    g_test_add_func("/target/keys", test_keys);
    g_test_add_func("/target/prefer-standby", test_prefer_standby_takes_two_passes);
    g_test_add_func("/target/which-server", test_which_server_is_wanted);
    g_test_add_func("/target/errors", test_errors_say_why);
    g_test_add_func("/target/no-password-in-messages", test_no_password_in_messages);
    g_test_add_func("/conninfo/mask", test_mask);
    g_test_add_func("/conninfo/mask-words", test_mask_words);
    return g_test_run();
}
