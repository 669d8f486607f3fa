# SPDX-License-Identifier: PostgreSQL
"""The jobs of a chaos run: what they do, when they are to run, and the test's own record of that."""
import json

# A step of SQL leaves a row, which commits with it; step is its own id, which is known only when it was inserted.
SQL_STEP = """INSERT INTO chaos.effect (step) VALUES ({step});
SELECT pg_sleep({seconds});
UPDATE chaos.effect SET ended = clock_timestamp() WHERE id = currval('chaos.effect_id_seq')"""

# A script leaves two lines; each is one write.
SCRIPT = """#!/bin/bash
echo "begin {step} $$ $(date +%s%6N)" >>'{file}'
sleep {seconds}
echo "end {step} $$ $(date +%s%6N)" >>'{file}'
"""

ALWAYS = "2000-01-01 00:00+00"


def every(seconds, fraction=0.0):
    return {"kind": "every", "seconds": seconds, "fraction": fraction}


def after(seconds):
    """The job's only rule, and nobody edits it."""
    return {"kind": "after", "seconds": seconds}


def each_second(step):
    return {"kind": "cron", "step": step}


def minutely():
    return {"kind": "minutes"}


# name, columns of pga_job, when, steps (kind, where, seconds of work), whether people may change when it runs.
STANDARD = (
    ("skip", {}, [every(1)], [("s", "home", 0.05)], False),
    ("skip, long", {"jobmissed": "skip", "jobgrace": "4 s"}, [every(1, 0.25)], [("s", "target", 1.4)], False),
    ("queue", {"jobbusy": "queue"}, [every(2)], [("s", "target", 1.1), ("s", "home", 1.1)], False),
    ("script", {}, [every(3)], [("b", "", 0.4)], False),
    ("long script", {"jobbusy": "queue", "jobtimeout": "6 s"}, [every(7, 0.5)], [("b", "", 4), ("s", "home", 0)], False),
    ("parallel", {"jobbusy": "parallel", "jobmaxruns": 3}, [every(1)], [("s", "home", 2.2)], False),
    ("replace", {"jobbusy": "replace"}, [every(2)], [("s", "target", 2.6)], False),
    ("all", {"jobmissed": "all"}, [every(2)], [("s", "home", 0.1)], False),
    ("all, parallel", {"jobmissed": "all", "jobbusy": "parallel", "jobmaxruns": 2, "jobgrace": "20 s"}, [every(2)],
     [("s", "target", 0.3)], False),
    ("cron", {}, [each_second(3)], [("s", "home", 0.1), ("s", "target", 0.1), ("b", "", 0.1)], False),
    ("two rules", {"jobbusy": "queue"}, [every(3), every(2, 0.5)], [("s", "home", 0.2)], False),
    ("minutes", {}, [minutely()], [("s", "home", 0.1)], False),
    ("minutes, all", {"jobmissed": "all"}, [minutely()], [("s", "target", 0.1)], False),
    ("again", {"jobrestart": True}, [every(2)], [("s", "home", 0.9)], False),
    ("again, parallel", {"jobrestart": True, "jobbusy": "parallel", "jobmaxruns": 3}, [every(2)], [("s", "target", 3)], False),
    ("script again", {"jobrestart": True, "jobbusy": "queue"}, [every(5)], [("b", "", 1.5), ("s", "target", 0.5)], False),
    ("after", {}, [after(1.5)], [("s", "home", 0.3)], False),
    ("after, again", {"jobrestart": True, "jobmissed": "all"}, [after(1)], [("b", "", 0.5), ("s", "target", 0.5)], False),
    ("wishes", {}, [], [("s", "home", 0.3), ("b", "", 0.1)], False),
    ("edited", {}, [every(1)], [("s", "home", 0.2)], True),
    ("edited, queue", {"jobbusy": "queue"}, [every(2)], [("s", "target", 1.5)], True),
    ("edited, all", {"jobmissed": "all"}, [every(2)], [("b", "", 0.2)], True),
    ("edited, minutes", {}, [minutely(), every(4)], [("s", "home", 0.1)], True),
)


class Maker:
    """Makes jobs in the home database. cursor: in a transaction of the caller's. targets: place -> (jstconnstr, jstdbname)."""

    def __init__(self, targets, script_file):
        self.targets = targets
        self.script_file = script_file

    def make(self, cursor, name, columns, times, steps):
        names = "".join(f", {column}" for column in columns)
        cursor.execute(f"INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc{names})"
                       f" VALUES (1, %s, ''{', %s' * len(columns)}) RETURNING jobid", (name, *columns.values()))
        job = cursor.fetchone()[0]
        for number, (kind, where, seconds) in enumerate(steps, 1):
            self.add_step(cursor, job, f"{number}", kind, where, seconds)
        for one in times:
            self.add_times(cursor, job, one)
        note(cursor, job, "made")
        return job

    def add_step(self, cursor, job, name, kind, where, seconds):
        """Its code tells its own number."""
        connstr, dbname = self.targets[where] if kind == "s" else ("", "")
        cursor.execute("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstconnstr, jstdbname, jstonerror)"
                       " VALUES (%s, %s, %s, '', %s, %s, 'f') RETURNING jstid", (job, name, kind, connstr, dbname))
        self.write_step(cursor, cursor.fetchone()[0], kind, seconds)

    def write_step(self, cursor, step, kind, seconds):
        text = SQL_STEP if kind == "s" else SCRIPT
        cursor.execute("UPDATE pgagent.pga_jobstep SET jstcode = %s WHERE jstid = %s",
                       (text.format(step=step, seconds=seconds, file=self.script_file), step))

    @staticmethod
    def add_times(cursor, job, times):
        if times["kind"] == "minutes":
            cursor.execute("INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscstart, jscminutes, jschours, jscweekdays,"
                           " jscmonthdays, jscmonths) VALUES (%s, 'minutes', %s, %s, %s, %s, %s, %s)",
                           (job, ALWAYS, *([False] * size for size in (60, 24, 7, 32, 12))))
        elif times["kind"] == "cron":
            cursor.execute("INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rultext) VALUES (%s, 'cron', %s)",
                           (job, f"*/{times['step']} * * * * *"))
        else:
            cursor.execute("INSERT INTO pgagent.pga_rule (ruljobid, rulkind, rulperiod, rulstart) VALUES (%s, %s,"
                           " %s * interval '1 s', date_trunc('minute', now()) + %s * interval '1 s')",
                           (job, times["kind"], times["seconds"], times.get("fraction", 0)))


# What the definition says when it was just written by this transaction: from the definition, not from any plan.
TIMES = """
    SELECT jobenabled,
           (SELECT json_agg(json_build_array(
                       rulkind, rultext, round(extract(epoch FROM rulperiod)::numeric * 1000000)::int8,
                       round(extract(epoch FROM rulstart)::numeric * 1000000)::int8))
            FROM pgagent.pga_rule WHERE ruljobid = jobid AND rulenabled),
           (SELECT json_agg(jscminutes) FROM pgagent.pga_schedule WHERE jscjobid = jobid AND jscenabled)
    FROM pgagent.pga_job WHERE jobid = %s"""


def note(cursor, job, what):
    """Writes down, in the transaction that changes a job, when it is to run from now on: [] = never."""
    cursor.execute(TIMES, (job,))
    enabled, rules, schedules = cursor.fetchone()
    times = []
    if enabled:
        for kind, text, period, start in rules or []:
            if kind == "every":
                times.append(["every", period, start])
            elif kind == "after":
                times.append(["after", period])
            else:  # */N * * * * *
                times.append(["seconds", int(text.split()[0].partition("/")[2])])
        for minutes in schedules or []:
            chosen = [number for number, flag in enumerate(minutes) if flag]
            times.append(["minutes", chosen or list(range(60))])
    cursor.execute("INSERT INTO chaos.history (job, what, times) VALUES (%s, %s, %s)", (job, what, json.dumps(times)))
