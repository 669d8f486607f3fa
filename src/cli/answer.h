/* SPDX-License-Identifier: PostgreSQL */
/* What a statement gives, printed: as a table for people, or as JSON, which the server makes of the very same rows. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/session.h"
#include "cli/table.h"

/* query: a name in sql/query; params: as cli_session_query. columns: those that people see. nothing: the line for them if
 * there are no rows. */
typedef struct {
    const char *query;
    const TableColumn *columns;
    const char *nothing;
} Answer;

/* An array of objects. */
bool answer_print(const Answer *self, CliSession *session, const char *const *params, bool json,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Several under headings, or one object that has an array under each name, as they were at one instant. */
typedef struct {
    const char *name; /* in the object */
    /* For people; NULL = left out where there are no rows and no text for nothing. */
    const char *heading;
    Answer answer;
    bool is_record; /* its only row is shown line by line, and is an object instead of an array */
} AnswerSection;
bool answer_print_sections(const AnswerSection *sections, int count, CliSession *session,
                           const char *const *params, bool json,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The only row of a query as an object; null if there is none. */
bool answer_print_object(CliSession *session, const char *query, const char *const *params,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The rows as objects, one a line. */
bool answer_print_lines(CliSession *session, const char *query, const char *const *params,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
