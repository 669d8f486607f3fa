/* SPDX-License-Identifier: PostgreSQL */
/* Why not GLib's resolver: its threads are the same that send cancels, and names that hang would take them all. */
#include "config.h"

#include "db/lookup.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/error.h"

/* A name that somebody asks for. While its thread runs, only that touches addresses and error. */
typedef struct {
    char *text;
    GPtrArray *waiters; /* of Lookup */
    GPtrArray *addresses;
    GError *error;
} Name;

struct Lookup {
    Name *name; /* NULL = answered */
    LookupDone done;
    gpointer user_data;
};

/* Threads are the process's own, and so are these. Only the main loop's thread touches them. */
static struct {
    GHashTable *names; /* text -> Name */
    GQueue waiting;    /* of Name: those without a thread yet */
    int threads;
} the_lookups;

static void
name_free(gpointer data)
{
    Name *name = data;

    g_free(name->text);
    g_ptr_array_unref(name->waiters);
    g_ptr_array_unref(name->addresses);
    g_clear_error(&name->error);
    g_free(name);
}

/* In the thread */

static void
name_fail(Name *name, const char *reason)
{
    g_set_error(&name->error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION,
                "could not look up the host: %s", reason);
}

static void
name_add_address(Name *name, const struct addrinfo *info)
{
    char text[NI_MAXHOST];

    if (getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) ==
        0)
        g_ptr_array_add(name->addresses, g_strdup(text));
}

static void
name_look_up(Name *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    g_autofree char *ascii = g_hostname_to_ascii(name->text);
    struct addrinfo *found = NULL;

    if (ascii == NULL) {
        name_fail(name, "that is not a name");
        return;
    }
    int code = getaddrinfo(ascii, NULL, &hints, &found);
    if (code != 0) {
        name_fail(name, code == EAI_SYSTEM ? g_strerror(errno) : gai_strerror(code));
        return;
    }
    for (const struct addrinfo *info = found; info != NULL; info = info->ai_next)
        name_add_address(name, info);
    freeaddrinfo(found);
    if (name->addresses->len == 0)
        name_fail(name, "it has no address");
}

/* Back in the main loop */

static void start_waiting(void);

static gboolean
on_answer(gpointer user_data)
{
    Name *name = user_data;

    while (name->waiters->len > 0) {
        Lookup *waiter = g_ptr_array_remove_index(name->waiters, 0);

        waiter->name = NULL;
        waiter->done(name->error == NULL ? name->addresses : NULL, name->error, waiter->user_data);
    }
    g_hash_table_remove(the_lookups.names, name->text);
    return G_SOURCE_REMOVE;
}

static gboolean
on_thread_ended(gpointer user_data)
{
    the_lookups.threads--;
    (void)on_answer(user_data);
    start_waiting();
    return G_SOURCE_REMOVE;
}

static gpointer
run(gpointer data)
{
    name_look_up(data);
    g_idle_add_full(G_PRIORITY_DEFAULT, on_thread_ended, data, NULL);
    return NULL;
}

static void
name_start(Name *name)
{
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_try_new("look-up", run, name, &error);

    if (thread == NULL) {
        name_fail(name, error->message);
        g_idle_add_full(G_PRIORITY_DEFAULT, on_answer, name, NULL);
        return;
    }
    the_lookups.threads++;
    g_thread_unref(thread);
}

static void
start_waiting(void)
{
    while (the_lookups.threads < LOOKUP_THREADS && !g_queue_is_empty(&the_lookups.waiting))
        name_start(g_queue_pop_head(&the_lookups.waiting));
}

static Name *
find_or_begin(const char *text)
{
    if (the_lookups.names == NULL)
        the_lookups.names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, name_free);

    Name *name = g_hash_table_lookup(the_lookups.names, text);
    if (name == NULL) {
        name = g_new0(Name, 1);
        name->text = g_strdup(text);
        name->waiters = g_ptr_array_new();
        name->addresses = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(the_lookups.names, name->text, name);
        g_queue_push_tail(&the_lookups.waiting, name);
        start_waiting();
    }
    return name;
}

Lookup *
lookup_new(const char *name, LookupDone done, gpointer user_data)
{
    Lookup *self = g_new(Lookup, 1);

    *self = (Lookup){.name = find_or_begin(name), .done = done, .user_data = user_data};
    g_ptr_array_add(self->name->waiters, self);
    return self;
}

void
lookup_free(Lookup *self)
{
    if (self == NULL)
        return;
    if (self->name != NULL) {
        g_ptr_array_remove(self->name->waiters, self);
        /* Nobody wants it any more, and it has not begun. */
        if (self->name->waiters->len == 0 && g_queue_remove(&the_lookups.waiting, self->name))
            g_hash_table_remove(the_lookups.names, self->name->text);
    }
    g_free(self);
}
