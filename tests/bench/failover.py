#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""How long after a standby was promoted does the next job run?

A job is due every second. In each round the primary is stopped, the standby is promoted after a random time, and the
first run there is waited for; then the two change places. Measured from the request to promote, and from its end."""
import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "service"))

from harness import Agent, Cluster, Database, wait_until  # noqa: E402
from harness.jobs import Jobs, sql  # noqa: E402
from harness.program import copy_program  # noqa: E402
from harness.users import give_away  # noqa: E402

FIRST = "SELECT extract(epoch FROM min(jlgstart))::float8 FROM pgagent.pga_joblog WHERE jlgstart >= to_timestamp(%s)"


def change_places(active, waiting, name, outage):
    """Returns (seconds from the request, from the end of the promotion) to the first run."""
    active.stop()
    time.sleep(outage)
    asked = time.time()
    waiting.promote()
    promoted = time.time()
    there = Database(waiting, name)
    wait_until(lambda: there.value(FIRST, asked), "the next run")
    first = there.value(FIRST, asked)
    there.close()
    active.follow(waiting)
    return first - asked, max(0, first - promoted)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--outage", type=float, default=8, help="the longest time without a primary, in seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    randomly = random.Random(options.seed)
    print(f"promote to next run, {options.rounds} rounds, outages of up to {options.outage:g} s, seed {options.seed}")
    directory = tempfile.mkdtemp(prefix="pgaf-", dir="/tmp")
    os.chmod(directory, 0o755)
    give_away(directory)
    one = Cluster(os.path.join(directory, "a")).start()
    home = Database.create_installed(one)
    two = Cluster(os.path.join(directory, "b"), standby_of=one).start()
    jobs = Jobs(home)
    jobs.rule(jobs.job("every second", sql("SELECT 1")), "every", rulperiod="1 s", rulstart="2026-01-01 00:00+00")
    agent = Agent(copy_program(directory), f"host={one.host},{two.host} port=5432 user=postgres dbname={home.name}")
    try:
        agent.wait_until_ready(home)
        home.close()
        times = []
        for number in range(options.rounds):
            times.append(change_places(one, two, home.name, randomly.random() * options.outage))
            print(f"  round {number + 1}: {times[-1][0]:.2f} s after the request, {times[-1][1]:.2f} s after its end", flush=True)
            one, two = two, one
        for column, what in enumerate(("from the request", "from the end of the promotion")):
            values = [pair[column] for pair in times]
            print(f"{what:30} p50 {statistics.median(values):.2f} s   max {max(values):.2f} s")
    finally:
        agent.terminate()
        one.end()
        two.end()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
