/* SPDX-License-Identifier: PostgreSQL */
/* Texts in JSON that a command writes by itself. (What a statement gives is made JSON by the server.) */
#pragma once

/* As a JSON string, with its quotes; NULL as null; bytes that are not UTF-8 are replaced. Free with g_free. */
char *json_quote(const char *text);
