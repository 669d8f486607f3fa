/* SPDX-License-Identifier: PostgreSQL */
/* The one table of settings, and how the value of one is read, shown and compared. Only settings*.c and
 * tests include this; everybody else reads struct Settings. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"

typedef enum {
    SETTING_FLAG,     /* bool; no argument on the command line */
    SETTING_SWITCH,   /* bool: on, off */
    SETTING_INTEGER,  /* int */
    SETTING_SIZE,     /* int64_t bytes */
    SETTING_DURATION, /* int64_t microseconds */
    SETTING_TEXT,     /* char *, NULL = not set */
    SETTING_PATH,     /* char *, absolute; NULL = not set */
} SettingKind;

typedef enum {
    SETTING_RELOADABLE = 1 << 0,
    SETTING_ONLY_COMMAND_LINE = 1 << 1,
} SettingTraits;

typedef struct {
    const char *name; /* long option and name in the file */
    char letter;      /* short option or 0 */
    const char *argument;
    SettingKind kind;
    size_t field;              /* offset in Settings */
    const char *default_value; /* as in the file; NULL = none, or found out by settings.c */
    int64_t minimum, maximum;  /* of numbers */
    SettingTraits traits;
    const char *help;
} Setting;

extern const Setting settings_table[];
extern const size_t settings_table_length;

/* NULL if there is none. An underscore in name counts as a hyphen. */
const Setting *setting_find(const char *name);
const Setting *setting_find_letter(char letter);

/* Reads text into its field; a relative path begins at directory. The error does not name the setting. */
bool setting_set(const Setting *self, Settings *settings, const char *text, const char *directory,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool setting_is_equal(const Setting *self, const Settings *one, const Settings *other);
void setting_copy(const Setting *self, Settings *to, const Settings *from);
void setting_clear(const Setting *self, Settings *settings);
