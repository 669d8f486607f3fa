#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""How soon does an agent act on what people have committed?

run now     from the commit of "run now" at a random instant to the step's first statement
schedule    from the minute that a schedule was changed to some seconds before it, to the step's first statement
rule        from the commit of a rule that only our agent can plan to the commit of the plan

Both agents have their default settings and the same jobs at the same time. When something was committed is what the
server has noted (track_commit_timestamp), which is before it waits for the disk."""
import argparse
import random
import statistics
import time

from peers import Peers, make_job, wait_until

MARK = "INSERT INTO public.started SELECT clock_timestamp()"
FREE = "SELECT jobagentid IS NULL FROM pgagent.pga_job WHERE jobid = %s"
COMMITTED = "SELECT extract(epoch FROM pg_xact_commit_timestamp(%s::text::xid))::float8"
RETURNING_XID = " RETURNING txid_current() %% 4294967296"
RUN_NOW = "UPDATE pgagent.pga_job SET jobnextrun = now() WHERE jobid = %s" + RETURNING_XID
HOURLY = """
    INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscenabled, jscstart, jscminutes)
    VALUES (%s, 'hourly', true, '2000-01-01 00:00+00', %s)"""
EDIT_HOURLY = "UPDATE pgagent.pga_schedule SET jscminutes = %s WHERE jscjobid = %s" + RETURNING_XID
ADD_RULE = "INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rultext) VALUES (%s, 'cron', '30 2 * * mon-fri')" + RETURNING_XID
IS_PLANNED = "SELECT NOT jobreplan FROM pgagent.pga_job WHERE jobid = %s"
PLANNED = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM pgagent.pga_job
    WHERE jobid = %s AND jobnextrun IS NOT NULL AND NOT jobreplan"""


class Marked:
    """A job of an agent's whose step notes when it ran."""

    def __init__(self, name, database):
        self.name = name
        self.database = database
        database.execute("CREATE TABLE IF NOT EXISTS public.started (at timestamptz)")
        self.job = make_job(database, "how soon?", MARK)

    def edit(self, statement, *values):
        """Returns when that was committed."""
        self.database.execute("TRUNCATE public.started")
        return self.database.value(COMMITTED, self.database.value(statement, *values))

    def wait_for_start(self):
        start = wait_until(lambda: self.database.value("SELECT extract(epoch FROM min(at))::float8 FROM public.started"),
                           f"{self.name} has run")
        wait_until(lambda: self.database.value(FREE, self.job), f"{self.name} is done")
        return start


def measure_run_now(jobs, samples, randomly):
    late = {job.name: [] for job in jobs}
    for _ in range(samples):
        time.sleep(1 + randomly.random() * 10)
        committed = [job.edit(RUN_NOW, job.job) for job in jobs]
        for job, at in zip(jobs, committed):
            late[job.name].append(job.wait_for_start() - at)
    return late


def minute_of_hour(at):
    return [number == at // 60 % 60 for number in range(60)]


def measure_schedule(jobs, samples, randomly):
    """The agents know of no slot within the next half hour when the schedule is changed."""
    late = {job.name: [] for job in jobs}
    for job in jobs:
        job.database.execute(HOURLY, job.job, minute_of_hour(int(time.time()) + 1800))
    for _ in range(samples):
        slot = (int(time.time()) + 10) // 60 * 60 + 60
        time.sleep(slot - time.time() - 0.5 - randomly.random() * 9)
        for job in jobs:
            assert job.edit(EDIT_HOURLY, minute_of_hour(slot), job.job) < slot
        for job in jobs:
            late[job.name].append(job.wait_for_start() - slot)
    return late


def measure_rule(database, samples, randomly):
    late = []
    for number in range(samples):
        job = Marked(f"pgAlmanac {number}", database)
        wait_until(lambda: database.value(IS_PLANNED, job.job), "the new job is planned")
        time.sleep(randomly.random() * 2)
        committed = job.edit(ADD_RULE, job.job)
        late.append(wait_until(lambda: database.value(PLANNED, job.job), "the rule is planned") - committed)
    return {"pgAlmanac": late}


def report(what, late):
    for name, values in late.items():
        print(f"{what:10} {name:10} p50 {1000 * statistics.median(values):8.1f} ms   max {1000 * max(values):8.1f}"
              f"   of {len(values)}", flush=True)
    if len(late) == 2:
        ratios = [of(late["pgAgent"]) / of(late["pgAlmanac"]) for of in (statistics.median, max)]
        print(f"{what:10} pgAgent / pgAlmanac: p50 {ratios[0]:.0f}, max {ratios[1]:.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20, help="of run now and of rules")
    parser.add_argument("--minutes", type=int, default=6, help="samples of schedules, which take a minute each")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    randomly = random.Random(options.seed)
    with Peers(track_commit_timestamp="on") as peers:
        jobs = [Marked(name, database) for name, database in peers.both()]
        report("run now", measure_run_now(jobs, options.samples, randomly))
        report("rule", measure_rule(peers.ours, options.samples, randomly))
        report("schedule", measure_schedule(jobs, options.minutes, randomly))


if __name__ == "__main__":
    main()
