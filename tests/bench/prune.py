#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""How fast is a long history cut, and how late do jobs start meanwhile?

A job runs every second. How late it is (jlgstart - jlgscheduled) is measured for a while with retention off, then while
old runs are removed. PGALMANAC_BUILDDIR as for the service tests."""
import argparse
import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))

from harness import Agent, Cluster, Database  # noqa: E402
from harness.jobs import Jobs, sql  # noqa: E402
from harness.program import copy_program  # noqa: E402
from harness.users import give_away  # noqa: E402

LATE = ("SELECT 1000 * extract(epoch FROM jlgstart - jlgscheduled)::float8 FROM pgagent.pga_joblog"
        " WHERE jlgjobid = %s AND jlgstatus = 's' AND jlgstart > %s")


def fill(database, jobs, runs):
    database.execute("SET pgalmanac.agent = 'on';"
                     "INSERT INTO pgagent.pga_job (jobjclid, jobname, jobreplan) SELECT 1, 'job ' || n, false FROM generate_series(1, %s) n;"
                     "INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname)"
                     " SELECT jobid, 'step', 's', 'SELECT 1', 'postgres' FROM pgagent.pga_job", jobs)
    database.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart, jlgduration)"
                     " SELECT 1 + n %% %s, CASE WHEN n %% 997 = 0 THEN 'f' ELSE 's' END,"
                     " now() - (%s - n) * interval '1 year' / %s, '1 s' FROM generate_series(1, %s) n", jobs, runs, runs, runs)
    database.execute("INSERT INTO pgagent.pga_jobsteplog (jsljlgid, jsljstid, jslstatus, jslstart, jsloutput)"
                     " SELECT jlgid, jlgjobid, jlgstatus, jlgstart, repeat('x', 100) FROM pgagent.pga_joblog")
    database.execute("ANALYZE; RESET pgalmanac.agent")


def measure(database, job, seconds, what):
    began = database.value("SELECT clock_timestamp()")
    gone_before = database.value("SELECT coalesce(sum(prnruns), 0) FROM pgagent.pga_pruned")
    time.sleep(seconds)
    late = sorted(row[0] for row in database.query(LATE, job, began))
    gone = database.value("SELECT coalesce(sum(prnruns), 0) FROM pgagent.pga_pruned") - gone_before
    print(f"{what:10} {gone / seconds:8.0f} runs/s removed   late: median {statistics.median(late):6.1f} ms"
          f"   95 % {late[int(0.95 * len(late))]:6.1f}   max {late[-1]:6.1f}   ({len(late)} runs)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=1000000)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="prune-", dir="/tmp")
    os.chmod(directory, 0o755)
    give_away(directory)
    cluster = Cluster(os.path.join(directory, "data")).start()
    try:
        database = Database.create_installed(cluster)
        fill(database, options.jobs, options.runs)
        print(f"{options.runs} runs of {options.jobs} jobs", flush=True)
        jobs = Jobs(database)
        job = jobs.job("each second", sql("SELECT 1"))
        jobs.rule(job, "cron", rultext="* * * * * *")
        program = copy_program(directory)
        for setting in ("off", "90 days"):
            database.execute("UPDATE pgagent.pga_setting SET setvalue = %s WHERE setname = 'retention'", setting)
            agent = Agent(program, database.conninfo).wait_until_ready(database)
            time.sleep(3)
            measure(database, job, options.seconds, setting)
            agent.finish()
        database.close()
    finally:
        cluster.end()


if __name__ == "__main__":
    main()
