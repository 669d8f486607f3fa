/* SPDX-License-Identifier: PostgreSQL */
/* libpq reads the string and adds its defaults; we only take the list of hosts apart, because each attempt
 * gets one host, one resolved address and a time limit of its own. No string is ever built for libpq. */
#include "config.h"

#include "db/target.h"

#include <libpq-fe.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "db/conninfo.h"
#include "db/hosts.h"

/* Which of several servers: what is given to libpq as target_session_attrs, pass by pass. */
typedef enum {
    WISH_NONE, /* what the string says, if it says anything */
    WISH_STANDBY,
    WISH_PRIMARY,
    WISH_WRITING, /* nothing but a primary */
    WISH_READ_WRITE,
    N_WISHES
} Wish;

static const char *const session_attrs[N_WISHES][2] = {
    [WISH_STANDBY] = {"standby", "any"},
    [WISH_PRIMARY] = {"primary", "any"},
    [WISH_WRITING] = {"primary", NULL},
    [WISH_READ_WRITE] = {"read-write", NULL},
};

struct DbTarget {
    int refs;
    GPtrArray *keywords; /* what the string says besides hosts and database */
    GPtrArray *values;
    GPtrArray *hosts; /* DbHost */
    char *database;
    char *key;
    char *server;
    char *description;
    gint64 connect_timeout_us;
    Wish wish;
    bool is_for_writing;
};

/* What each attempt sets itself. */
static const char *const own_keywords[] = {
    "host", "hostaddr", "port", "dbname", "connect_timeout", "client_encoding", NULL,
};

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (strcmp(o->keyword, keyword) == 0)
            return o->val && *o->val ? o->val : NULL;
    }
    return NULL;
}

/* libpq's complaints quote what they complain about, and with a wrongly quoted password that is a piece of
 * it: they are shown only if the string holds no password at all. */
static void
set_parse_error(GError **error, const char *conninfo, const char *message)
{
    static const char *const known[][2] = {
        {"missing \"=\"", "a word is not followed by \"=\""},
        {"unterminated quoted string", "a quoted value does not end"},
        {"invalid connection option", "an option is not one of libpq's"},
        {"invalid URI query parameter", "a parameter of the URI is not one of libpq's"},
        {"key/value separator", "a parameter of the URI is not of the form name=value"},
        {"percent-encoded", "a percent-encoded character of the URI is wrong"},
        {"IPv6", "an IPv6 address of the URI is wrong"},
    };
    if (message && !db_conninfo_may_hold_password(conninfo)) {
        g_autofree char *text = g_strstrip(g_strdup(message));
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, "cannot read connection string: %s",
                    text);
        return;
    }
    const char *reason = "it is neither key=value pairs nor a URI";
    for (gsize i = 0; message && i < G_N_ELEMENTS(known); i++) {
        if (strstr(message, known[i][0])) {
            reason = known[i][1];
            break;
        }
    }
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                "cannot read connection string (not shown, it may hold a password): %s", reason);
}

static PQconninfoOption *
parse_string(const char *conninfo, GError **error)
{
    if (db_conninfo_is_badly_encoded(conninfo)) {
        g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                            "cannot read connection string (not shown, it may hold a password): "
                            "\"@\" and \"/\" in user, password or database of a URI must be "
                            "written as %40 and %2F");
        return NULL;
    }
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    if (!options)
        set_parse_error(error, conninfo, message);
    PQfreemem(message);
    return options;
}

/* The string's options with everything that libpq would add at connect: environment, service file, its own
 * defaults. PQconndefaults knows no service that the string names, and only libpq has all of its rules, so
 * libpq is asked to connect with an option that it must refuse before it looks at any host. */
static PQconninfoOption *
add_defaults(const PQconninfoOption *own, const char *conninfo, GError **error)
{
    static const char refused[] = "never-valid";
    g_autoptr(GPtrArray) keywords = g_ptr_array_new();
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    for (const PQconninfoOption *o = own; o->keyword; o++) {
        if (!o->val || strcmp(o->keyword, "channel_binding") == 0)
            continue;
        g_ptr_array_add(keywords, o->keyword);
        g_ptr_array_add(values, o->val);
    }
    g_ptr_array_add(keywords, (gpointer) "channel_binding");
    g_ptr_array_add(values, (gpointer)refused);
    g_ptr_array_add(keywords, NULL);
    g_ptr_array_add(values, NULL);

    PGconn *pg = PQconnectStartParams((const char *const *)keywords->pdata,
                                      (const char *const *)values->pdata, 0);
    PQconninfoOption *options = NULL;
    if (strstr(PQerrorMessage(pg), refused))
        options = PQconninfo(pg);
    else
        set_parse_error(error, conninfo, PQerrorMessage(pg));
    PQfinish(pg);
    return options;
}

static gint64
read_connect_timeout_us(const PQconninfoOption *options)
{
    const char *text = option_value(options, "connect_timeout");
    gint64 seconds = text ? g_ascii_strtoll(text, NULL, 10) : 0;
    return CLAMP(seconds, 0, G_MAXINT32) * CLOCK_US_PER_SECOND;
}

static char *
describe(const DbTarget *self)
{
    g_autofree char *database = db_target_describe_database(self);
    g_autoptr(GString) text = g_string_new(database);
    g_string_append(text, " on ");
    for (guint i = 0; i < self->hosts->len; i++) {
        if (i > 0)
            g_string_append(text, i + 1 == self->hosts->len ? " or " : ", ");
        host_describe(text, self->hosts->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Lengths keep two different lists of values from giving the same key. */
static char *
make_key(const DbTarget *self)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_string_append_printf(key, "%s connect_timeout=%" G_GINT64_FORMAT " dbname=%zu:%s",
                           self->server, self->connect_timeout_us, strlen(self->database),
                           self->database);
    for (guint i = 0; i < self->keywords->len; i++) {
        const char *value = self->values->pdata[i];
        g_string_append_printf(key, " %s=%zu:%s", (const char *)self->keywords->pdata[i],
                               strlen(value), value);
    }
    return g_string_free(g_steal_pointer(&key), FALSE);
}

static DbTarget *
target_new(GPtrArray *keywords, GPtrArray *values, GPtrArray *hosts, const char *database,
           gint64 connect_timeout_us)
{
    DbTarget *self = g_new0(DbTarget, 1);
    self->refs = 1;
    self->keywords = g_ptr_array_ref(keywords);
    self->values = g_ptr_array_ref(values);
    self->hosts = g_ptr_array_ref(hosts);
    self->database = g_strdup(database);
    self->connect_timeout_us = connect_timeout_us;
    self->server = hosts_name(hosts);
    self->key = make_key(self);
    self->description = describe(self);
    return self;
}

static void
keep_option(const PQconninfoOption *own, const char *user, GPtrArray *keywords, GPtrArray *values)
{
    bool is_user = strcmp(own->keyword, "user") == 0;
    const char *value = is_user ? user : own->val;
    if (!value || !*value || g_strv_contains(own_keywords, own->keyword))
        return;
    g_ptr_array_add(keywords, g_strdup(own->keyword));
    g_ptr_array_add(values, g_strdup(value));
}

/* libpq's default is "any", in words. */
static Wish
read_wish(const PQconninfoOption *own, const PQconninfoOption *merged, guint host_count)
{
    const char *attrs = option_value(merged, "target_session_attrs");
    bool is_given = option_value(own, "target_session_attrs") != NULL ||
                    g_getenv("PGTARGETSESSIONATTRS") != NULL || g_strcmp0(attrs, "any") != 0;

    if (attrs == NULL || !is_given)
        return host_count > 1 ? WISH_PRIMARY : WISH_NONE;
    if (strcmp(attrs, "read-write") == 0)
        return WISH_READ_WRITE;
    return strcmp(attrs, "prefer-standby") == 0 ? WISH_STANDBY : WISH_NONE;
}

static DbTarget *
target_from_options(const PQconninfoOption *own, const PQconninfoOption *merged, GError **error)
{
    g_autoptr(GPtrArray) hosts =
        hosts_split(option_value(merged, "host"), option_value(merged, "hostaddr"),
                    option_value(merged, "port"), error);
    if (!hosts)
        return NULL;
    g_autoptr(GPtrArray) keywords = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    const char *user = option_value(merged, "user");
    for (const PQconninfoOption *o = own; o->keyword; o++)
        keep_option(o, user, keywords, values);

    const char *database = option_value(merged, "dbname");
    if (!database)
        database = user ? user : "";
    DbTarget *self = target_new(keywords, values, hosts, database, read_connect_timeout_us(merged));
    self->wish = read_wish(own, merged, hosts->len);
    return self;
}

DbTarget *
db_target_parse(const char *conninfo, GError **error)
{
    PQconninfoOption *own = parse_string(conninfo, error);
    if (!own)
        return NULL;
    PQconninfoOption *merged = add_defaults(own, conninfo, error);
    DbTarget *self = merged ? target_from_options(own, merged, error) : NULL;
    PQconninfoFree(merged);
    PQconninfoFree(own);
    return self;
}

/* Those who must have a primary do not take what others were content with. */
static void
target_set_wish(DbTarget *self, Wish wish)
{
    g_autofree char *key = make_key(self);
    g_free(self->key);
    self->key = wish == WISH_WRITING ? g_strconcat("primary ", key, NULL) : g_steal_pointer(&key);
    self->wish = wish;
}

DbTarget *
db_target_with_database(const DbTarget *self, const char *database)
{
    DbTarget *other =
        target_new(self->keywords, self->values, self->hosts, database, self->connect_timeout_us);
    target_set_wish(other, self->wish);
    other->is_for_writing = self->is_for_writing;
    return other;
}

DbTarget *
db_target_for_writing(const DbTarget *self)
{
    DbTarget *other = db_target_with_database(self, self->database);
    if (other->wish != WISH_READ_WRITE)
        target_set_wish(other, WISH_WRITING);
    other->is_for_writing = true;
    return other;
}

bool
db_target_is_for_writing(const DbTarget *self)
{
    return self->is_for_writing;
}

DbTarget *
db_target_ref(DbTarget *self)
{
    self->refs++;
    return self;
}

void
db_target_unref(DbTarget *self)
{
    if (!self || --self->refs > 0)
        return;
    g_ptr_array_unref(self->keywords);
    g_ptr_array_unref(self->values);
    g_ptr_array_unref(self->hosts);
    g_free(self->database);
    g_free(self->key);
    g_free(self->server);
    g_free(self->description);
    g_free(self);
}

int
db_target_host_count(const DbTarget *self)
{
    return (int)self->hosts->len;
}

const DbHost *
db_target_host(const DbTarget *self, int index)
{
    return self->hosts->pdata[index];
}

char *
db_target_describe_database(const DbTarget *self)
{
    g_autofree char *database = db_conninfo_shown(self->database);
    return g_strdup_printf("database \"%s\"", database);
}

char *
db_target_describe_host(const DbTarget *self, int index)
{
    g_autoptr(GString) text = g_string_new(NULL);
    host_describe(text, db_target_host(self, index));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

int
db_target_pass_count(const DbTarget *self)
{
    return session_attrs[self->wish][1] != NULL ? 2 : 1;
}

bool
db_target_wants_primary(const DbTarget *self, int pass)
{
    return pass == 0 && (self->wish == WISH_PRIMARY || self->wish == WISH_WRITING ||
                         self->wish == WISH_READ_WRITE);
}

const char *
db_target_database(const DbTarget *self)
{
    return self->database;
}

gint64
db_target_connect_timeout_us(const DbTarget *self)
{
    return self->connect_timeout_us;
}

const char *
db_target_key(const DbTarget *self)
{
    return self->key;
}

const char *
db_target_server(const DbTarget *self)
{
    return self->server;
}

const char *
db_target_describe(const DbTarget *self)
{
    return self->description;
}

static void
set_option(GPtrArray *keywords, GPtrArray *values, const char *keyword, const char *value)
{
    if (!value || !*value)
        return;
    for (guint i = 0; i < keywords->len; i++) {
        if (strcmp(keywords->pdata[i], keyword) == 0) {
            g_free(values->pdata[i]);
            values->pdata[i] = g_strdup(value);
            return;
        }
    }
    g_ptr_array_add(keywords, g_strdup(keyword));
    g_ptr_array_add(values, g_strdup(value));
}

static bool
has_option(const GPtrArray *keywords, const char *keyword)
{
    for (guint i = 0; i < keywords->len; i++) {
        if (strcmp(keywords->pdata[i], keyword) == 0)
            return true;
    }
    return false;
}

/* A peer that is gone without a word (a machine that lost its power, a forgotten NAT entry) is noticed within half a
 * minute, not after the system's hours, unless the string says otherwise. */
static void
set_watchfulness(GPtrArray *keywords, GPtrArray *values)
{
    static const char *const defaults[][2] = {
        {"keepalives_idle", "10"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "4"},
        {"tcp_user_timeout", "30000"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(defaults); i++) {
        if (!has_option(keywords, defaults[i][0]))
            set_option(keywords, values, defaults[i][0], defaults[i][1]);
    }
}

void
db_target_fill(const DbTarget *self, int pass, int host_index, const char *address,
               const char *application_name, GPtrArray *keywords, GPtrArray *values)
{
    const DbHost *host = db_target_host(self, host_index);
    for (guint i = 0; i < self->keywords->len; i++)
        set_option(keywords, values, self->keywords->pdata[i], self->values->pdata[i]);
    set_option(keywords, values, "host", host->host);
    set_option(keywords, values, "hostaddr", address ? address : host->hostaddr);
    set_option(keywords, values, "port", host->port);
    set_option(keywords, values, "dbname", self->database);
    /* Texts go to the tables and to the log, which are UTF-8. */
    set_option(keywords, values, "client_encoding", "UTF8");
    set_option(keywords, values, "target_session_attrs", session_attrs[self->wish][pass]);
    if (!has_option(keywords, "application_name"))
        set_option(keywords, values, "application_name", application_name);
    set_watchfulness(keywords, values);
    g_ptr_array_add(keywords, NULL);
    g_ptr_array_add(values, NULL);
}
