/* SPDX-License-Identifier: PostgreSQL */
/* Plans jobs whose plan is out of date (jobreplan): those that the triggers could not plan, or all after a change
 * of the time zone. */
#pragma once

#include "engine/look.h"

/* planned: how many were written; has_more: there are still others. */
typedef void (*ReplanDone)(int64_t planned, bool has_more, const GError *error, gpointer user_data);
void replan_jobs(const EngineParts *parts, ReplanDone done, gpointer user_data);
