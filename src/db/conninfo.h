/* SPDX-License-Identifier: PostgreSQL */
/* Passwords inside connection strings as text: keeps them out of ps and out of messages. */
#pragma once

#include <stdbool.h>

/* Overwrites each password in a connection string with 'x', in place, so that ps does not show it. Works on
 * key=value strings and URIs; of a string that libpq could not read rather too much than too little. */
void db_conninfo_mask(char *conninfo);
/* The same for a connection string that was given as several words of argv. */
void db_conninfo_mask_words(char **words, int count);

/* True if a password might be somewhere in the string. */
bool db_conninfo_may_hold_password(const char *conninfo);
/* True for postgresql:// and postgres://. */
bool db_conninfo_is_uri(const char *conninfo);
/* True for a URI whose password was not percent-encoded: libpq would take parts of it for host or database. */
bool db_conninfo_is_badly_encoded(const char *conninfo);
/* The value of an option as it may be shown: without the password that got into it by mistake. Free with g_free. */
char *db_conninfo_shown(const char *value);
