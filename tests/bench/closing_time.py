#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""An agent is killed (kill -9) while it runs a job; another one lives. How long until the run is closed?

pgAlmanac with its default lease: once on the same machine, and once as if the other agent were on another one, where only
the connection and the lease of the dead one tell. pgAgent: one is killed while another one lives, then a third one is
started. These look every second (by default pgAgent looks every 10 s): who is left closes the run at its next look."""
import argparse
import statistics
import time

from peers import Peers, make_due, make_job, wait_until

from harness.agent import Agent
from harness.jobs import Jobs, sql
from harness.pgagent import PgAgent

CLOSED = "SELECT jlgstatus <> 'r' FROM pgagent.pga_joblog ORDER BY jlgid DESC LIMIT 1"


def wait_for_end(database, limit):
    """Seconds until the newest run is closed; None = not within the limit."""
    begin = time.monotonic()
    while time.monotonic() < begin + limit:
        if database.value(CLOSED):
            return time.monotonic() - begin
        time.sleep(0.01)
    return None


def start_run(jobs, job):
    jobs.run_now(job)
    jobs.wait_for_running(job)


def measure_ours(peers, kills, is_far):
    """is_far: the register does not say which process the agent is, as if its machine were another."""
    database = peers.ours
    jobs = Jobs(database)
    job = jobs.job("held", sql("SELECT pg_sleep(1000)"), host="victim")
    times = []
    for _ in range(kills):
        victim = Agent(peers.our_agent.program, database.conninfo, name="victim").wait_until_ready(database)
        start_run(jobs, job)
        if is_far:
            database.execute("UPDATE pgagent.pga_jobagent SET jagprocess = NULL")
        victim.kill()
        times.append(wait_for_end(database, 120))
    return times


def measure_theirs(peers, limit):
    database = peers.pgagent
    job = make_job(database, "held", "SELECT pg_sleep(1000)")
    make_due(database, job, database.value("SELECT now()"))
    wait_until(lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1000)'"), "it runs")
    with PgAgent(database):
        peers.their_agent.kill()
        peers.their_agent.wait()
        while_alive = wait_for_end(database, limit)
    with PgAgent(database):
        return while_alive, wait_for_end(database, limit)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--limit", type=float, default=60, help="how long a pgAgent is waited for")
    options = parser.parse_args()
    with Peers() as peers:
        for place, is_far in (("on the same machine", False), ("on another machine", True)):
            times = measure_ours(peers, options.kills, is_far)
            print(f"pgAlmanac, {place:19}: {options.kills} kills, closed after"
                  f" p50 {statistics.median(times):.2f} s, max {max(times):.2f} s", flush=True)
        for what, closed in zip(("another one lives", "another one starts"), measure_theirs(peers, options.limit)):
            print(f"pgAgent, {what:21}: "
                  + (f"closed after {closed:.2f} s" if closed is not None else f"not closed within {options.limit:g} s"))


if __name__ == "__main__":
    main()
