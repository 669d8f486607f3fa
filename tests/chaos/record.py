# SPDX-License-Identifier: PostgreSQL
"""Reads what a chaos run left in the databases and files, as the plain data of checks.py; keeps it as evidence."""
import csv
import os

from chaos.checks import Change, Effect, Episode, Job, Run, StepRow


def micros(column):
    return f"round(extract(epoch FROM {column})::numeric * 1000000)::int8"


JOBS = "SELECT jobid, jobname, jobbusy, jobrestart FROM pgagent.pga_job ORDER BY jobid"
CHANGES = f"""SELECT job, {micros('at')}, {micros('pg_xact_commit_timestamp(xmin)')}, times FROM chaos.history ORDER BY id"""
RUNS = f"""
    SELECT jlgjobid, jlgid, {micros('jlgscheduled')}, {micros('jlgstart')},
           (SELECT {micros('min(c.at)')} FROM chaos.closed c WHERE c.relation = 'pga_joblog' AND c.row_id = jlgid),
           jlgstatus, coalesce(jlgtrigger, ''), jlgslots, jlgreqid, jlgreason, jlgattempt, jlgrepeats, jlgagent
    FROM pgagent.pga_joblog ORDER BY jlgid"""
EPISODES = f"""SELECT skpjobid, skpid, {micros('skpfrom')}, {micros('skpto')}, skpslots, skpreason, skpdetail
    FROM pgagent.pga_skipped ORDER BY skpid"""
ASKED = "SELECT job, kind, request FROM chaos.asked ORDER BY id"
STEPS = f"SELECT jslid, jsljlgid, jsljstid, {micros('jslstart')}, jslpid, jslstatus FROM pgagent.pga_jobsteplog ORDER BY jslid"
EFFECTS = f"SELECT step, backend, {micros('begun')}, {micros('ended')} FROM chaos.effect ORDER BY id"
LATE = """SELECT relation, row_id, old_status, new_status,
           (SELECT string_agg(n.key || ': ' || coalesce(left(o.value, 60), 'NULL') || ' -> ' || coalesce(left(n.value, 60), 'NULL'), ', ')
            FROM jsonb_each_text(new_row) n JOIN jsonb_each_text(old_row) o USING (key) WHERE n.value IS DISTINCT FROM o.value)
    FROM chaos.closed WHERE old_status <> 'r' ORDER BY id"""
BURIALS = "SELECT aglmessage FROM pgagent.pga_agentlog ORDER BY aglid"
REMAINS = {
    "runs are open": "SELECT jlgid FROM pgagent.pga_joblog WHERE jlgstatus = 'r'",
    "steps are open": "SELECT jslid FROM pgagent.pga_jobsteplog WHERE jslstatus = 'r'",
    "jobs are claimed": "SELECT jobid FROM pgagent.pga_job WHERE jobagentid IS NOT NULL",
    "requests are left": "SELECT reqid || ' (' || reqkind || ' job ' || reqjobid || ')' FROM pgagent.pga_request",
}
TABLES = ("pgagent.pga_job", "pgagent.pga_jobstep", "pgagent.pga_schedule", "pgagent.pga_rule", "pgagent.pga_joblog",
          "pgagent.pga_jobsteplog", "pgagent.pga_skipped", "pgagent.pga_request", "pgagent.pga_jobagent",
          "pgagent.pga_agentlog", "pgagent.pga_setting", "chaos.history", "chaos.asked", "chaos.closed", "chaos.effect")


def read_jobs(home, edited):
    """All jobs that are there still. edited: ids of those whose times or policies people changed."""
    jobs = {job: Job(job, name, busy, is_repeated, job in edited) for job, name, busy, is_repeated in home.query(JOBS)}
    for sql, group, make in ((CHANGES, "changes", Change), (RUNS, "runs", Run), (EPISODES, "episodes", Episode)):
        for job, *values in home.query(sql):
            if job in jobs:
                getattr(jobs[job], group).append(make(*values))
    for job, kind, request in home.query(ASKED):
        if job in jobs and kind == "cancel-run":
            jobs[job].cancelled.append(request)
        elif job in jobs:
            jobs[job].wishes.append(request if kind == "wish" else None)
    return list(jobs.values())


def read_steps(home):
    return [StepRow(*row) for row in home.query(STEPS)]


def read_scripts(path):
    """A line each: begin STEP PID INSTANT, end STEP PID INSTANT."""
    effects, running = [], {}
    with open(path, encoding="ascii") as file:
        for line in file:
            word, *numbers = line.split()
            step, pid, at = map(int, numbers)
            if word == "begin":
                running[step, pid] = Effect(step, pid, at, None, "script")
                effects.append(running[step, pid])
            else:
                running.pop((step, pid)).ended = at
    return effects


def read_effects(databases, script_file):
    found = read_scripts(script_file)
    for database in databases:
        found += [Effect(*row, database.name) for row in database.query(EFFECTS)]
    return found


def known_steps(home):
    return {step for step, in home.query("SELECT jstid FROM pgagent.pga_jobstep")}


def remains(home):
    return {what: [row[0] for row in home.query(sql)] for what, sql in REMAINS.items()}


def keep(folder, home, distant):
    """Everything as CSV."""
    os.makedirs(folder, exist_ok=True)
    for database, tables in ((home, TABLES), (distant, ("chaos.effect",))):
        for table in tables:
            with database.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
                path = os.path.join(folder, f"{database.name}.{table}.csv")
                with open(path, "w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow([column.name for column in cursor.description])
                    writer.writerows(cursor.fetchall())
            connection.close()
