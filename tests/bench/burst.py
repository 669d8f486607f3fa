#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Many jobs due at once on a server with few connections: how many succeed, and how long does it take?"""
import argparse
import time

from peers import Peers, make_job, wait_until


def burst(name, database, jobs, code):
    for number in range(jobs):
        make_job(database, f"burst {number}", code)
    before = time.monotonic()
    database.execute("UPDATE pgagent.pga_job SET jobnextrun = now()")
    wait_until(lambda: database.value("SELECT count(*) FROM pgagent.pga_job j WHERE jobnextrun IS NULL"
                                      " AND EXISTS (SELECT FROM pgagent.pga_joblog WHERE jlgjobid = jobid"
                                      " AND jlgstatus <> 'r')") == jobs
               or time.monotonic() > before + 300, f"{name} has run them", limit=400)
    seconds = time.monotonic() - before
    counts = dict(database.query("SELECT jlgstatus, count(*) FROM pgagent.pga_joblog GROUP BY 1"))
    print(f"{name:10} {counts.get('s', 0):4} of {jobs} succeeded, {seconds:6.1f} s   (log rows by status: {counts})",
          flush=True)
    return counts.get("s", 0), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--max-connections", type=int, default=50)
    parser.add_argument("--code", default="SELECT pg_sleep(0.2)")
    options = parser.parse_args()
    print(f"{options.jobs} jobs at once ({options.code}), max_connections = {options.max_connections}")
    with Peers(max_connections=options.max_connections) as peers:
        results = {name: burst(name, database, options.jobs, options.code) for name, database in peers.both()}
    ours, theirs = results["pgAlmanac"], results["pgAgent"]
    print(f"succeeded: pgAlmanac / pgAgent = {ours[0] / max(theirs[0], 1):.2f}; time: pgAgent / pgAlmanac ="
          f" {theirs[1] / ours[1]:.2f}")
    raise SystemExit(0 if ours[0] == options.jobs else 1)


if __name__ == "__main__":
    main()
