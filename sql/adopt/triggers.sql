/* SPDX-License-Identifier: PostgreSQL */
/* pgAgent's own triggers go; the planning's have these names. Their functions stay and are replaced. */
DROP TRIGGER IF EXISTS pga_job_trigger ON pgagent.pga_job;
DROP TRIGGER IF EXISTS pga_schedule_trigger ON pgagent.pga_schedule;
DROP TRIGGER IF EXISTS pga_exception_trigger ON pgagent.pga_exception;
