/* SPDX-License-Identifier: PostgreSQL */
/* The file descriptors that this process may have open. */
#pragma once

/* Their number; INT_MAX = as many as it likes. */
int descriptors_limit(void);
