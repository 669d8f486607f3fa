/* SPDX-License-Identifier: PostgreSQL */
/* The places that a connection string names. */
#pragma once

#include "db/target.h"

/* Takes libpq's lists apart (NULL = none): an array of DbHost, or NULL and ALMANAC_ERROR_INPUT. */
GPtrArray *hosts_split(const char *host_list, const char *address_list, const char *port_list,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "a:5432,b:5432": the same for the same servers. Free with g_free. */
char *hosts_name(const GPtrArray *hosts);
/* Appends 'host "db1", port 5432'. */
void host_describe(GString *to, const DbHost *host);
