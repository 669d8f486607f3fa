/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/hosts.h"

#include <string.h>

#include "base/error.h"
#include "db/conninfo.h"

static const char default_port[] = "5432";

static void
host_free(gpointer data)
{
    DbHost *host = data;
    g_free((char *)host->host);
    g_free((char *)host->hostaddr);
    g_free((char *)host->port);
    g_free(host);
}

static bool
is_port(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 1, 65535, NULL, NULL);
}

/* libpq has already refused lists that do not fit together; one port serves all hosts. */
GPtrArray *
hosts_split(const char *host_list, const char *address_list, const char *port_list, GError **error)
{
    g_auto(GStrv) names = g_strsplit(host_list ? host_list : "", ",", -1);
    g_auto(GStrv) addresses = g_strsplit(address_list ? address_list : "", ",", -1);
    g_auto(GStrv) ports = g_strsplit(port_list ? port_list : default_port, ",", -1);
    guint n_names = g_strv_length(names);
    guint n_addresses = g_strv_length(addresses);
    guint n_ports = g_strv_length(ports);
    guint count = MAX(MAX(n_names, n_addresses), 1);

    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(host_free);
    for (guint i = 0; i < count; i++) {
        const char *port = n_ports == 1 ? ports[0] : i < n_ports ? ports[i] : "";
        if (*port && !is_port(port)) {
            g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                                "cannot read connection string: a port is not a number from 1 to "
                                "65535 (in a URI, \":\", \"/\" and \"@\" in a password must be "
                                "percent-encoded)");
            return NULL;
        }
        DbHost *host = g_new0(DbHost, 1);
        host->host = g_strdup(i < n_names ? names[i] : "");
        host->hostaddr = i < n_addresses && *addresses[i] ? g_strdup(addresses[i]) : NULL;
        host->port = g_strdup(*port ? port : default_port);
        g_ptr_array_add(hosts, host);
    }
    return g_steal_pointer(&hosts);
}

static bool
is_socket(const DbHost *host)
{
    return !host->hostaddr && (*host->host == '@' || g_path_is_absolute(host->host));
}

void
host_describe(GString *to, const DbHost *host)
{
    g_autofree char *name = db_conninfo_shown(*host->host      ? host->host
                                              : host->hostaddr ? host->hostaddr
                                                               : "");
    if (is_socket(host))
        g_string_append_printf(to, "socket directory \"%s\", port %s", name, host->port);
    else if (*name)
        g_string_append_printf(to, "host \"%s\", port %s", name, host->port);
    else
        g_string_append_printf(to, "the local socket, port %s", host->port);
}

char *
hosts_name(const GPtrArray *hosts)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < hosts->len; i++) {
        const DbHost *host = hosts->pdata[i];
        g_string_append_printf(text, "%s%s%s%s:%s", i ? "," : "", host->host,
                               host->hostaddr ? "=" : "", host->hostaddr ? host->hostaddr : "",
                               host->port);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

bool
db_target_host_is_socket(const DbHost *host)
{
    return is_socket(host) || (!*host->host && !host->hostaddr);
}
