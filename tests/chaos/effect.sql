/* SPDX-License-Identifier: PostgreSQL */
/* What SQL steps leave behind, in each database that they go to. It commits with the step. */
CREATE SCHEMA IF NOT EXISTS chaos;
CREATE TABLE chaos.effect (
    id bigserial PRIMARY KEY,
    step int4 NOT NULL,
    backend int4 NOT NULL DEFAULT pg_backend_pid(),
    begun timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended timestamptz
);
