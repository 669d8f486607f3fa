#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""How long after it is due does a job's first statement run, on an agent that has been idle?

The job is due at a random instant; its step writes the server's clock into a table. Both agents have the same job
due at the same instants, with their default settings."""
import argparse
import random
import statistics
import time

from peers import Peers, make_due, make_job, wait_until

MARK = "INSERT INTO public.started SELECT clock_timestamp()"


def measure(peers, idle, samples, randomly):
    late = {name: [] for name, _ in peers.both()}
    jobs = {}
    for name, database in peers.both():
        database.execute("CREATE TABLE public.started (at timestamptz)")
        jobs[name] = make_job(database, "late?", MARK)
    for number in range(samples):
        time.sleep(idle)
        due = peers.ours.value("SELECT clock_timestamp() + %s * interval '1 second'", 0.5 + randomly.random() * 5)
        for name, database in peers.both():
            make_due(database, jobs[name], due)
        for name, database in peers.both():
            wait_until(lambda: database.value("SELECT count(*) FROM public.started") > number, f"{name} has run")
            late[name].append(1000 * float(database.value(
                "SELECT extract(epoch FROM max(at) - %s) FROM public.started", due)))
            print(f"  sample {number + 1}: {name} {late[name][-1]:.1f} ms", flush=True)
    return late


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=float, default=60, help="seconds without work before each sample")
    parser.add_argument("--samples", type=int, default=9)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"start latency, {options.samples} samples after {options.idle:g} s idle, seed {options.seed}")
    with Peers() as peers:
        late = measure(peers, options.idle, options.samples, random.Random(options.seed))
    for name, values in late.items():
        print(f"{name:10} median {statistics.median(values):8.1f} ms   min {min(values):8.1f}   max {max(values):8.1f}")
    ratio = statistics.median(late["pgAgent"]) / statistics.median(late["pgAlmanac"])
    print(f"pgAgent / pgAlmanac = {ratio:.0f}")


if __name__ == "__main__":
    main()
