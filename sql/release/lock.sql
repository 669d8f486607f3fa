/* SPDX-License-Identifier: PostgreSQL */
/* First part of the transaction in which the tables go back to pgAgent: nobody else is at work on them. */
BEGIN;
SET LOCAL lock_timeout = '30s';
LOCK TABLE pgagent.pga_job, pgagent.pga_jobagent, pgagent.pga_jobclass, pgagent.pga_jobstep, pgagent.pga_schedule,
    pgagent.pga_exception, pgagent.pga_joblog, pgagent.pga_jobsteplog IN ACCESS EXCLUSIVE MODE;
