/* SPDX-License-Identifier: PostgreSQL */
/* First part of the transaction that takes over the tables of a pgAgent: nobody else is at work on them until its end. It
 * waits for others for a while only, because whoever comes later waits behind it. */
LOCK TABLE pgagent.pga_jobagent, pgagent.pga_jobclass, pgagent.pga_job, pgagent.pga_jobstep, pgagent.pga_schedule,
    pgagent.pga_exception, pgagent.pga_joblog, pgagent.pga_jobsteplog IN ACCESS EXCLUSIVE MODE;
