/* SPDX-License-Identifier: PostgreSQL */
/* Stops runs of this agent that people ask to cancel. */
#pragma once

#include "engine/look.h"

typedef void (*CancelsAnswered)(const GError *error, gpointer user_data);
/* A run that is not in hand (its claim's answer was lost) is left for the next time. */
void cancels_answer(const EngineParts *parts, CancelsAnswered answered, gpointer user_data);
