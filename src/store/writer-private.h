/* SPDX-License-Identifier: PostgreSQL */
/* One write, as the writer and its parts see it. */
#pragma once

#include "store/writer.h"

typedef struct {
    Writer *writer;
    const char *sql;
    DbParams *params;
    WriterDone done;
    gpointer user_data;
    guint pause_ms; /* before it is sent again; 0 = it was never put off */
    guint again_id;
    bool is_probe; /* of its statement's hold */
} Write;
