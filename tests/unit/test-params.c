/* SPDX-License-Identifier: PostgreSQL */
/* What goes to a real server in binary form comes back as the same. */
#include "config.h"

#include "db/params.h"
#include "db/result.h"

#include <locale.h>

#include "server.h"

static PGconn *pg;

static DbResult *
run(const char *sql, DbParams *params)
{
    PGresult *result = PQexecParams(pg, sql, db_params_count(params), db_params_types(params),
                                    db_params_values(params), db_params_lengths(params),
                                    db_params_formats(params), 1);
    if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        g_error("%s: %s", sql, PQresultErrorMessage(result));
    return db_result_new(result);
}

/* What the server says about $1, as text. */
static void
assert_seen(DbParams *params, const char *expression, const char *expected)
{
    g_autofree char *sql = g_strdup_printf("SELECT (%s)::text", expression);
    g_autoptr(DbResult) result = run(sql, params);
    g_assert_cmpstr(db_result_text(result, 0, 0), ==, expected);
}

static void
test_scalars(void)
{
    g_autoptr(DbParams) params = db_params_new();
    db_params_add_bool(params, true);
    db_params_add_int4(params, -7);
    db_params_add_int8(params, INT64_MIN);
    db_params_add_text(params, "naïve 'text'");
    db_params_add_text(params, "");
    db_params_add_null(params);
    db_params_add_text(params, NULL);
    g_autoptr(DbResult) result =
        run("SELECT $1, $2, $3, $4::text, $5::text, $6::int4, $7::text", params);
    g_assert_cmpint(db_result_rows(result), ==, 1);
    g_assert_cmpint(db_result_columns(result), ==, 7);
    g_assert_true(db_result_bool(result, 0, 0));
    g_assert_cmpint(db_result_int(result, 0, 1), ==, -7);
    g_assert_cmpint(db_result_int(result, 0, 2), ==, INT64_MIN);
    g_assert_cmpstr(db_result_text(result, 0, 3), ==, "naïve 'text'");
    g_assert_cmpstr(db_result_text(result, 0, 4), ==, "");
    g_assert_false(db_result_is_null(result, 0, 4));
    g_assert_true(db_result_is_null(result, 0, 5));
    g_assert_cmpint(db_result_int(result, 0, 5), ==, 0);
    g_assert_null(db_result_text(result, 0, 6));
}

static void
test_text_takes_the_type_of_the_statement(void)
{
    g_autoptr(DbParams) params = db_params_new();
    db_params_add_text(params, "90 min");
    assert_seen(params, "extract(epoch FROM $1::interval)::int", "5400");
}

static void
test_instants(void)
{
    static const struct {
        const char *text;
        int64_t at;
    } cases[] = {
        {"1970-01-01 00:00:00+00", 0},
        {"2000-01-01 00:00:00+00", INT64_C(946684800000000)},
        {"2026-11-22 10:11:12.123456+00", INT64_C(1795342272123456)},
        {"1969-12-31 23:59:59.999999+00", -1},
        {"infinity", DB_INSTANT_INFINITY},
        {"-infinity", DB_INSTANT_NINFINITY},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(DbParams) params = db_params_new();
        db_params_add_instant(params, cases[i].at);
        g_autoptr(DbResult) result =
            run("SELECT $1::timestamptz, ($1 AT TIME ZONE 'UTC')::text", params);
        g_assert_cmpint(db_result_instant(result, 0, 0), ==, cases[i].at);
        g_autofree char *text = g_strdup(db_result_text(result, 0, 1));
        if (strchr(cases[i].text, '+'))
            g_assert_true(strncmp(text, cases[i].text, strlen(text)) == 0);
        else
            g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_instants_out_of_range(void)
{
    g_autoptr(DbParams) none = db_params_new();
    g_autoptr(DbResult) result = run("SELECT '294276-12-31 00:00:00+00'::timestamptz", none);
    g_assert_cmpint(db_result_instant(result, 0, 0), ==, DB_INSTANT_INFINITY);

    g_autoptr(DbParams) params = db_params_new();
    db_params_add_instant(params, DB_INSTANT_NINFINITY + 1);
    PGresult *refused = PQexecParams(pg, "SELECT $1::timestamptz", 1, db_params_types(params),
                                     db_params_values(params), db_params_lengths(params),
                                     db_params_formats(params), 1);
    g_assert_cmpstr(PQresultErrorField(refused, PG_DIAG_SQLSTATE), ==, "22008");
    PQclear(refused);
}

static void
test_numbers(void)
{
    g_autoptr(DbParams) params = db_params_new();
    g_autoptr(DbResult) result =
        run("SELECT (-3)::int2, 4000000000::oid, 1.5::float4, -2.25::float8,"
            " NULL::float8, '5'::xid",
            params);
    g_assert_cmpint(db_result_int(result, 0, 0), ==, -3);
    g_assert_cmpint(db_result_int(result, 0, 1), ==, INT64_C(4000000000));
    g_assert_cmpfloat(db_result_double(result, 0, 2), ==, 1.5);
    g_assert_cmpfloat(db_result_double(result, 0, 3), ==, -2.25);
    g_assert_cmpfloat(db_result_double(result, 0, 4), ==, 0);
    g_assert_cmpint(db_result_int(result, 0, 5), ==, 5);
}

static void
test_texts(void)
{
    g_autoptr(DbParams) params = db_params_new();
    g_autoptr(DbResult) result =
        run("SELECT 'a'::varchar, 'b'::name, 'c'::bpchar, 'd'::\"char\", 'e', '{}'::json", params);
    const char *expected[] = {"a", "b", "c", "d", "e", "{}"};
    for (int i = 0; i < 6; i++)
        g_assert_cmpstr(db_result_text(result, 0, i), ==, expected[i]);
}

static void
test_dates_and_times(void)
{
    g_autoptr(DbParams) params = db_params_new();
    g_autoptr(DbResult) result =
        run("SELECT '1970-01-02'::date, '1969-12-31'::date, 'infinity'::date,"
            " '-infinity'::date, '02:30:00.5'::time, NULL::time",
            params);
    g_assert_cmpint(db_result_date(result, 0, 0), ==, 1);
    g_assert_cmpint(db_result_date(result, 0, 1), ==, -1);
    g_assert_cmpint(db_result_date(result, 0, 2), ==, INT64_MAX);
    g_assert_cmpint(db_result_date(result, 0, 3), ==, INT64_MIN);
    g_assert_cmpint(db_result_time(result, 0, 4), ==, INT64_C(9000500000));
    g_assert_cmpint(db_result_time(result, 0, 5), ==, 0);
}

static void
test_bits(void)
{
    g_autoptr(DbParams) params = db_params_new();
    g_autoptr(DbResult) result =
        run("SELECT '{t,f,t,NULL}'::bool[], '{}'::bool[], NULL::bool[],"
            " array_fill(true, ARRAY[70]), '[0:2]={f,t,t}'::bool[], '{{t,f},{f,t}}'::bool[]",
            params);
    size_t length;
    g_assert_cmpuint(db_result_bits(result, 0, 0, &length), ==, 5);
    g_assert_cmpuint(length, ==, 4);
    g_assert_cmpuint(db_result_bits(result, 0, 1, &length), ==, 0);
    g_assert_cmpuint(length, ==, 0);
    g_assert_cmpuint(db_result_bits(result, 0, 2, &length), ==, 0);
    g_assert_cmpuint(length, ==, 0);
    g_assert_cmpuint(db_result_bits(result, 0, 3, &length), ==, UINT64_MAX);
    g_assert_cmpuint(length, ==, 70);
    g_assert_cmpuint(db_result_bits(result, 0, 4, &length), ==, 6);
    g_assert_cmpuint(length, ==, 3);
    g_assert_cmpuint(db_result_bits(result, 0, 5, &length), ==, 9);
    g_assert_cmpuint(length, ==, 4);
}

static void
test_arrays(void)
{
    g_autoptr(DbParams) params = db_params_new();
    db_params_begin_array(params, DB_INT4);
    db_params_add_int4(params, 1);
    db_params_add_null(params);
    db_params_add_int4(params, -1);
    db_params_end_array(params);
    db_params_begin_array(params, DB_TEXT);
    db_params_add_text(params, "a,\"b\"");
    db_params_add_text(params, "");
    db_params_add_text(params, NULL);
    db_params_end_array(params);
    db_params_begin_array(params, DB_TIMESTAMPTZ);
    db_params_add_instant(params, DB_INSTANT_INFINITY);
    db_params_end_array(params);
    db_params_begin_array(params, DB_BOOL);
    db_params_add_bool(params, false);
    db_params_add_bool(params, true);
    db_params_end_array(params);
    db_params_begin_array(params, DB_INT8);
    db_params_end_array(params);

    g_assert_cmpint(db_params_count(params), ==, 5);
    g_autoptr(DbResult) result =
        run("SELECT $1::text, $2::text, $3::text, $4, $5::text, array_lower($1, 1)", params);
    g_assert_cmpstr(db_result_text(result, 0, 0), ==, "{1,NULL,-1}");
    g_assert_cmpstr(db_result_text(result, 0, 1), ==, "{\"a,\\\"b\\\"\",\"\",NULL}");
    g_assert_cmpstr(db_result_text(result, 0, 2), ==, "{infinity}");
    size_t length;
    g_assert_cmpuint(db_result_bits(result, 0, 3, &length), ==, 2);
    g_assert_cmpstr(db_result_text(result, 0, 4), ==, "{}");
    g_assert_cmpint(db_result_int(result, 0, 5), ==, 1);
}

static void
test_parallel_arrays(void)
{
    g_autoptr(DbParams) params = db_params_new();
    db_params_begin_array(params, DB_INT8);
    for (int i = 0; i < 1000; i++)
        db_params_add_int8(params, i);
    db_params_end_array(params);
    g_autoptr(DbResult) result = run("SELECT x FROM unnest($1) AS t (x) ORDER BY x", params);
    g_assert_cmpint(db_result_rows(result), ==, 1000);
    g_assert_cmpint(db_result_int(result, 999, 0), ==, 999);
}

static void
test_affected(void)
{
    g_autoptr(DbParams) params = db_params_new();
    g_autoptr(DbResult) created = run("CREATE TEMP TABLE affected (x int)", params);
    g_assert_cmpint(db_result_affected(created), ==, 0);
    g_autoptr(DbResult) inserted = run("INSERT INTO affected VALUES (1), (2), (3)", params);
    g_assert_cmpint(db_result_affected(inserted), ==, 3);
    g_assert_cmpint(db_result_rows(inserted), ==, 0);
}

int
main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_test_init(&argc, &argv, NULL);
    if (!server_is_available()) {
        g_print("1..0 # SKIP no PostgreSQL server programs\n");
        return 0;
    }
    g_test_add_func("/params/scalars", test_scalars);
    g_test_add_func("/params/text-takes-type", test_text_takes_the_type_of_the_statement);
    g_test_add_func("/params/instants", test_instants);
    g_test_add_func("/params/instants-out-of-range", test_instants_out_of_range);
    g_test_add_func("/params/arrays", test_arrays);
    g_test_add_func("/params/parallel-arrays", test_parallel_arrays);
    g_test_add_func("/result/numbers", test_numbers);
    g_test_add_func("/result/texts", test_texts);
    g_test_add_func("/result/dates-and-times", test_dates_and_times);
    g_test_add_func("/result/bits", test_bits);
    g_test_add_func("/result/affected", test_affected);

    Server *server = server_new(20);
    pg = server_connect(server);
    int status = g_test_run();
    PQfinish(pg);
    server_free(server);
    return status;
}
