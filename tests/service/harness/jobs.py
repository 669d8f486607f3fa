# SPDX-License-Identifier: PostgreSQL
"""Jobs as pgAdmin writes them, and what became of them."""
from harness.waiting import wait_until

ALWAYS = "2000-01-01 00:00+00"


def flags(size, chosen):
    """A bool array of pgAgent's: the chosen positions are true; none chosen means all."""
    return [number in (chosen or ()) for number in range(size)]


class Jobs:
    """Makes jobs in one database and looks at their logs."""

    def __init__(self, database):
        self.database = database

    def job(self, name, *steps, enabled=True, host="", **columns):
        """A job with steps of sql() and batch(); returns its id. columns: jobtimeout="1 s" …"""
        job = self.database.value(
            "INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc, jobhostagent, jobenabled)"
            " VALUES (1, %s, '', %s, %s) RETURNING jobid", name, host, enabled)
        for column, value in columns.items():
            self.database.execute(f"UPDATE pgagent.pga_job SET {column} = %s WHERE jobid = %s", value, job)
        for number, step in enumerate(steps, 1):
            self.step(job, **{"name": f"step {number}", **step})
        return job

    def step(self, job, name, kind, code, on_error="f", dbname=None, connstr="", enabled=True, timeout=None):
        if dbname is None:
            dbname = self.database.name if kind == "s" and not connstr else ""
        return self.database.value(
            "INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstonerror, jstdbname, jstconnstr,"
            " jstenabled, jsttimeout) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING jstid",
            job, name, kind, code, on_error, dbname, connstr, enabled, timeout)

    def schedule(self, job, start=ALWAYS, end=None, minutes=(), hours=(), weekdays=(), monthdays=(), months=(),
                 enabled=True):
        return self.database.value(
            "INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscenabled, jscstart, jscend, jscminutes, jschours,"
            " jscweekdays, jscmonthdays, jscmonths) VALUES (%s, 'schedule', %s, %s, %s, %s, %s, %s, %s, %s)"
            " RETURNING jscid", job, enabled, start, end, flags(60, minutes), flags(24, hours), flags(7, weekdays),
            flags(32, monthdays), flags(12, months))

    def yearly(self, job):
        """A schedule of this minute of each year, which it returns: the next slot does not come while a test runs."""
        now = self.database.value("SELECT date_trunc('minute', now()) AT TIME ZONE 'UTC'")
        self.schedule(job, minutes=[now.minute], hours=[now.hour], monthdays=[now.day - 1], months=[now.month - 1])
        return now

    def rule(self, job, rulkind, **columns):
        names = "".join(f", {name}" for name in columns)
        return self.database.value(
            f"INSERT INTO pgagent.pga_rule (ruljobid, rulkind{names}) VALUES (%s, %s{', %s' * len(columns)})"
            " RETURNING rulid", job, rulkind, *columns.values())

    def run_now(self, job):
        """As pgAdmin's menu does it."""
        self.database.execute("UPDATE pgagent.pga_job SET jobnextrun = now()::timestamptz WHERE jobid = %s", job)

    def make_due(self, job, slot=None):
        """Its plan is this minute, or that one: what time does by itself."""
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET pgalmanac.agent = 'on'")
            cursor.execute("UPDATE pgagent.pga_job SET jobplanned = s.at, jobnextrun = s.at, joblastslot = least(joblastslot, s.at) FROM ("
                           "SELECT coalesce(%s::timestamp AT TIME ZONE 'UTC', date_trunc('minute', now())) AS at) s"
                           " WHERE jobid = %s", (slot, job))
            cursor.execute("NOTIFY pgalmanac")
        connection.close()

    def runs(self, job):
        """(status, trigger, reason, id) of each run, oldest first."""
        return self.database.query("SELECT jlgstatus, jlgtrigger, jlgreason, jlgid FROM pgagent.pga_joblog"
                                   " WHERE jlgjobid = %s ORDER BY jlgid", job)

    def steps_of(self, job):
        """(status, result, output, sqlstate, name) of each step that was run, oldest first."""
        return self.database.query(
            "SELECT l.jslstatus, l.jslresult, l.jsloutput, l.jslsqlstate, s.jstname FROM pgagent.pga_jobsteplog l"
            " JOIN pgagent.pga_jobstep s ON s.jstid = l.jsljstid WHERE s.jstjobid = %s ORDER BY l.jslid", job)

    def wait_for_steps(self, job, agent=None):
        """Until none of them is open; returns steps_of(). What was refused at first is written after the run's end."""
        def closed():
            steps = self.steps_of(job)
            return None if any(step[0] == "r" for step in steps) else [steps]
        return wait_until(closed, f"the steps of job {job} are closed", agent)[0]

    def wait_for_runs(self, job, count=1, agent=None):
        """Until so many runs of the job have ended; returns runs()."""
        def ended():
            runs = self.runs(job)
            return runs if len([run for run in runs if run[0] != "r"]) >= count else None
        return wait_until(ended, f"{count} runs of job {job} have ended", agent)

    def wait_for_running(self, job, agent=None):
        """Until a step of the job runs. A first step's row is there before its connection is: only with the backend's
        number (which pgAgent does not note) its SQL has been sent. Of a script, HeldBatch.has_started knows."""
        wait_until(lambda: self.database.value(
            "SELECT count(*) FROM pgagent.pga_jobsteplog JOIN pgagent.pga_jobstep ON jstid = jsljstid"
            " JOIN pgagent.pga_joblog ON jlgid = jsljlgid WHERE jlgjobid = %s AND jslstatus = 'r'"
            " AND (jstkind = 'b' OR jslpid IS NOT NULL OR jlgepoch IS NULL)", job), f"job {job} runs", agent)

    def wait_until_settled(self, agent=None):
        """Until no run is open, no step is open and no job is claimed."""
        wait_until(lambda: not self.database.value(
            "SELECT (SELECT count(*) FROM pgagent.pga_joblog WHERE jlgstatus = 'r')"
            " + (SELECT count(*) FROM pgagent.pga_jobsteplog WHERE jslstatus = 'r')"
            " + (SELECT count(*) FROM pgagent.pga_job WHERE jobagentid IS NOT NULL)"), "nothing is open or claimed", agent)

    def run(self, job, agent=None):
        """Runs it now and waits; returns (status, reason, steps)."""
        before = len(self.runs(job))
        self.run_now(job)
        status, _, reason, _ = self.wait_for_runs(job, before + 1, agent)[-1]
        return status, reason, self.wait_for_steps(job, agent)


def sql(code, **more):
    return {"kind": "s", "code": code, **more}


def batch(code, **more):
    return {"kind": "b", "code": code, **more}
