/* SPDX-License-Identifier: PostgreSQL */
/* Checks of the places that steps connect to: connection strings, passwords, and whether it works. Connection strings are
 * never shown, because they may hold passwords; db/target describes them. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cli/doctor-connect.h"
#include "cli/doctor-private.h"
#include "cli/passfile.h"

/* The columns of doctor_targets. */
enum {
    ID,
    NAME,
    JOB_ID,
    JOB_NAME,
    STRING,
    DATABASE,
};

typedef struct {
    Doctor *doctor;
    FindingPlace place; /* the step that is looked at */
    bool is_remote;     /* it has a connection string */
    GHashTable *tried;  /* key of a target -> what was wrong, NULL = it worked */
    GHashTable *told;   /* password files that were told of */
} Look;

typedef struct {
    GPtrArray *keywords;
    GPtrArray *values;
} Keywords;

static void
keywords_clear(Keywords *self)
{
    g_ptr_array_unref(self->keywords);
    g_ptr_array_unref(self->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Keywords, keywords_clear)

static void
keywords_fill(Keywords *self, const DbTarget *target, int host)
{
    self->keywords = g_ptr_array_new_with_free_func(g_free);
    self->values = g_ptr_array_new_with_free_func(g_free);
    db_target_fill(target, 0, host, NULL, "pgalmanac doctor", self->keywords, self->values);
}

static const char *
keyword_of(const Keywords *self, const char *keyword)
{
    for (guint i = 0; self->keywords->pdata[i] != NULL; i++)
        if (strcmp(self->keywords->pdata[i], keyword) == 0)
            return self->values->pdata[i];
    return NULL;
}

/* ---- Passwords ---- */

static void
look_at_string(Look *look, const DbTarget *target)
{
    g_auto(Keywords) own = {0};

    keywords_fill(&own, target, 0);
    if (keyword_of(&own, "password") != NULL || keyword_of(&own, "sslpassword") != NULL)
        doctor_add(look->doctor, FINDING_WARNING, &look->place,
                   "the connection string holds a password: all who may read the table see it",
                   "keep it in .pgpass of the user who runs the agent, or in a service file");
}

static void
add_ignored(Look *look, const char *path)
{
    const FindingPlace file = {.kind = "file", .name = path};

    if (g_hash_table_add(look->told, g_strdup(path)))
        doctor_add(look->doctor, FINDING_WARNING, &file,
                   "libpq does not use this file of passwords: it is no plain file, or others than "
                   "its owner may read it",
                   "chmod 0600");
}

static void
add_missing(Look *look, const DbTarget *target, const char *path)
{
    g_autofree char *what =
        g_strdup_printf("no password for %s: neither in the connection string nor in %s of user %s",
                        db_target_describe(target), path, g_get_user_name());

    /* That the own server asks for passwords was seen when we connected. */
    doctor_add(look->doctor, look->is_remote ? FINDING_NOTE : FINDING_WARNING, &look->place, what,
               "if the server asks for one: a line host:port:database:user:password in .pgpass of "
               "the user who runs the agent, whose file it is that counts; --connect tries it as "
               "you");
}

/* False if the host has no password that we can see. */
static bool
has_password(Look *look, const DbTarget *target, int host)
{
    g_auto(Keywords) own = {0};
    const DbHost *place = db_target_host(target, host);

    keywords_fill(&own, target, host);
    /* What a service file says is only libpq's to know. */
    if (keyword_of(&own, "password") != NULL || keyword_of(&own, "service") != NULL ||
        (look->is_remote && db_target_host_is_socket(place)))
        return true;

    const char *named = keyword_of(&own, "passfile");
    g_autofree char *path = named != NULL ? g_strdup(named) : passfile_default();
    const PassfileWish wish = {
        .host = *place->host == '\0' && place->hostaddr != NULL ? place->hostaddr : place->host,
        .port = place->port,
        .database = db_target_database(target),
        .user = keyword_of(&own, "user"),
    };
    PassfileOutcome outcome = passfile_find(path, &wish);
    if (outcome == PASSFILE_FOUND)
        return true;
    if (outcome == PASSFILE_IGNORED)
        add_ignored(look, path);
    add_missing(look, target, path);
    return false;
}

static void
look_for_passwords(Look *look, const DbTarget *target)
{
    if (g_getenv("PGPASSWORD") != NULL ||
        (!look->is_remote && !cli_session_used_password(look->doctor->session)))
        return;
    for (int host = 0; host < db_target_host_count(target); host++)
        if (!has_password(look, target, host))
            return;
}

/* ---- Connecting ---- */

static void
free_error(gpointer data)
{
    g_clear_error((GError **)&data);
}

/* Each place once; borrowed, NULL if it worked. */
static const GError *
try_once(Look *look, const DbTarget *target)
{
    const char *key = db_target_key(target);
    gpointer known = NULL;

    if (g_hash_table_lookup_extended(look->tried, key, NULL, &known))
        return known;
    GError *wrong = doctor_try(target);
    g_hash_table_insert(look->tried, g_strdup(key), wrong);
    return wrong;
}

static void
add_refusal(Look *look, const DbTarget *target, const GError *wrong)
{
    bool is_full = g_error_matches(wrong, ALMANAC_ERROR, ALMANAC_ERROR_BUSY);
    g_autofree char *what =
        g_strdup_printf("could not connect to %s: %s", db_target_describe(target), wrong->message);

    doctor_add(look->doctor, is_full ? FINDING_WARNING : FINDING_ERROR, &look->place, what,
               is_full ? "agents wait until a connection is free: raise the limit of the server, "
                         "the database or the role, or close what nobody uses"
                       : "an agent connects as its own user, with its own .pgpass and environment: "
                         "mend what the server says, or the connection string");
}

/* ---- Steps ---- */

static DbTarget *
target_of(Look *look, const PGresult *rows, int row, GError **error)
{
    return look->is_remote
               ? db_target_parse(cli_result_text(rows, row, STRING), error)
               : db_target_with_database(look->doctor->home, cli_result_text(rows, row, DATABASE));
}

/* libpq quotes what it does not understand, wherever a password may have got to. */
static const char *
safe_reason(const GError *error)
{
    if (error != NULL && (strstr(error->message, "not shown") != NULL ||
                          strstr(error->message, "invalid connection option") != NULL))
        return error->message;
    return "cannot read connection string (not shown, it may hold a password): it is neither "
           "key=value pairs nor a URI";
}

static void
look_at_step(Look *look, const PGresult *rows, int row)
{
    g_autoptr(GError) error = NULL;

    look->is_remote = *cli_result_text(rows, row, STRING) != '\0';
    look->place = (FindingPlace){
        .kind = "step",
        .id = cli_result_text(rows, row, ID),
        .name = cli_result_text(rows, row, NAME),
        .job_id = cli_result_text(rows, row, JOB_ID),
        .job_name = cli_result_text(rows, row, JOB_NAME),
    };
    g_autoptr(DbTarget) target = target_of(look, rows, row, &error);
    if (target == NULL) {
        doctor_add(look->doctor, FINDING_ERROR, &look->place, safe_reason(error),
                   "correct the step's connection string");
        return;
    }
    if (look->is_remote)
        look_at_string(look, target);
    const GError *wrong = look->doctor->options->connect ? try_once(look, target) : NULL;
    if (wrong != NULL)
        add_refusal(look, target, wrong);
    if (wrong != NULL || !look->doctor->options->connect)
        look_for_passwords(look, target);
}

bool
doctor_look_at_targets(Doctor *self, GError **error)
{
    g_autoptr(PGresult) rows = doctor_query(self, "doctor_targets", NULL, error);
    g_autoptr(GHashTable) tried =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_error);
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Look look = {.doctor = self, .tried = tried, .told = told};

    if (rows == NULL)
        return false;
    for (int row = 0; row < PQntuples(rows); row++)
        look_at_step(&look, rows, row);
    return true;
}
