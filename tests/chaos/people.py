# SPDX-License-Identifier: PostgreSQL
"""What people do meanwhile, each in a transaction of its own, which also writes the test's own record of it."""
import psycopg2

from chaos import jobs


class Gone(psycopg2.Error):
    """What was to be changed is not there any more."""


class People:
    """home: Database. They have a connection of their own, without a proxy; a server that is down is bad luck."""

    def __init__(self, home, maker):
        self.home = home
        self.maker = maker
        self.connection = None
        self.holder = None  # of a row lock
        self.standing = []  # jobs of the standard set that nobody changes
        self.edited = []
        self.fleeting = []  # come and go
        self.made = 0

    # The beginning and the end

    def begin(self):
        for name, columns, times, steps, is_edited in jobs.STANDARD:
            self._do(self._make, name, columns, times, steps, self.edited if is_edited else self.standing)
        for number in (1, 2):
            self._do(self._replace, number, number)

    def end(self):
        """No job is to run any more."""
        self.unlock()
        self._do(self._look)
        for job in self.everything():
            self._do(self._set_enabled, job, False)
        self.close()

    def everything(self):
        return self.standing + self.edited + self.fleeting

    def close(self):
        for connection in (self.connection, self.holder):
            if connection is not None:
                connection.close()
        self.connection = self.holder = None

    # One event

    def act(self, kind, pick, value):
        """Returns what came of it: None = done, else why not."""
        try:
            self._do(getattr(self, "_" + kind.replace("-", "_")), pick, value)
        except psycopg2.Error as error:
            return str(error).strip().split("\n")[0]
        return None

    def lock_job(self, pick):
        """Somebody looks at a job for a while, with a lock."""
        everything = self.everything()
        return self._hold("SELECT FROM pgagent.pga_job WHERE jobid = %s FOR UPDATE", everything[pick % len(everything)])

    def lock_table(self, pick):
        """Somebody does upkeep."""
        table = ("job", "joblog", "jobsteplog", "jobagent", "request")[pick % 5]
        return self._hold(f"LOCK TABLE pgagent.pga_{table} IN ACCESS EXCLUSIVE MODE")

    def _hold(self, sql, *arguments):
        self.unlock()
        try:
            self.holder = self.home.connect(autocommit=False)
            cursor = self.holder.cursor()
            cursor.execute("SET lock_timeout = '1500 ms'")
            cursor.execute(sql, arguments)
        except psycopg2.Error as error:
            self.unlock()
            return str(error).strip().split("\n")[0]
        return None

    def unlock(self):
        if self.holder is not None:
            self.holder.close()
            self.holder = None

    def _do(self, action, *arguments):
        if self.connection is None or self.connection.closed:
            self.connection = self.home.connect(autocommit=False)
            with self.connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1500 ms'; SET application_name = 'people'")
            self.connection.commit()
        try:
            with self.connection, self.connection.cursor() as cursor:
                after = action(cursor, *arguments)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if self.connection.closed:
                self.connection = None
            raise
        if callable(after):
            after()

    # Jobs

    def _make(self, cursor, name, columns, times, steps, group):
        job = self.maker.make(cursor, name, columns, times, steps)
        return lambda: group.append(job)

    def _replace_job(self, cursor, pick, value):
        """One goes with all that it left behind, another comes."""
        self._look(cursor)
        return self._replace(cursor, pick, value, self.fleeting[pick % len(self.fleeting)] if self.fleeting else None)

    def _replace(self, cursor, pick, value, old=None):
        if old is not None:
            cursor.execute("DELETE FROM pgagent.pga_job WHERE jobid = %s", (old,))
        self.made += 1
        columns = {"jobbusy": ("skip", "queue", "parallel", "replace")[pick % 4], "jobmaxruns": 2}
        steps = [("s", "home", 0.3)] if value % 2 else [("b", "", 0.3), ("s", "target", 0.2)]
        job = self.maker.make(cursor, f"fleeting {self.made}", columns, [jobs.every(1 + value % 3)], steps)

        return lambda: setattr(self, "fleeting", [one for one in self.fleeting if one != old] + [job])

    def _look(self, cursor):
        """Which are there: a commit may have had no answer."""
        cursor.execute("SELECT jobid FROM pgagent.pga_job WHERE jobname LIKE 'fleeting%' ORDER BY jobid")
        self.fleeting = [job for job, in cursor.fetchall()]

    def _any(self, pick):
        everything = self.everything()
        return everything[pick % len(everything)]

    def _any_edited(self, pick):
        return self.edited[pick % len(self.edited)]

    # Wishes and cancels

    def _run_now(self, cursor, pick, _value):
        """pgAdmin's way."""
        job = self._any(pick)
        cursor.execute("UPDATE pgagent.pga_job SET jobnextrun = now()::timestamptz WHERE jobid = %s", (job,))
        if cursor.rowcount == 0:
            raise Gone(f"job {job} is not there any more")
        cursor.execute("INSERT INTO chaos.asked (job, kind, request)"
                       " VALUES (%s, 'wish', currval('pgagent.pga_request_reqid_seq'))", (job,))

    def _run_job(self, cursor, pick, value):
        """Now, or in a moment."""
        job = self._any(pick)
        cursor.execute("INSERT INTO chaos.asked (job, kind, request)"
                       " SELECT %s, 'wish', pgagent.run_job(%s, now() + %s * interval '1 ms')", (job, str(job), value % 3 * 700))

    def _cancel_job(self, cursor, pick, _value):
        job = self._any(pick)
        cursor.execute("SELECT pgagent.cancel_job(%s)", (str(job),))
        cursor.execute("INSERT INTO chaos.asked (job, kind) VALUES (%s, 'cancel')", (job,))

    @staticmethod
    def _cancel_run(cursor, pick, _value):
        cursor.execute("SELECT jlgjobid, jlgid FROM pgagent.pga_joblog WHERE jlgstatus = 'r' ORDER BY jlgid")
        runs = cursor.fetchall()
        if runs:
            run = runs[pick % len(runs)]
            cursor.execute("SELECT pgagent.cancel_run(%s)", run[1:])
            cursor.execute("INSERT INTO chaos.asked (job, kind, request) VALUES (%s, 'cancel-run', %s)", run)

    # What else people steer

    def _skip_next(self, cursor, pick, _value):
        cursor.execute("SELECT pgagent.skip_next(%s)", (str(self._any(pick)),))

    @staticmethod
    def _pause_all(cursor, _pick, value):
        cursor.execute("SELECT pgagent.pause(clock_timestamp() + %s * interval '1 s')", (1 + value % 4,))

    @staticmethod
    def _resume_all(cursor, _pick, _value):
        cursor.execute("SELECT pgagent.resume()")

    # Edits that change when a job runs, and such that do not

    def _toggle(self, cursor, pick, _value):
        job = self._any_edited(pick)
        cursor.execute("SELECT jobenabled FROM pgagent.pga_job WHERE jobid = %s", (job,))
        self._set_enabled(cursor, job, not cursor.fetchone()[0])

    @staticmethod
    def _set_enabled(cursor, job, enabled):
        cursor.execute("UPDATE pgagent.pga_job SET jobenabled = %s WHERE jobid = %s", (enabled, job))
        jobs.note(cursor, job, "enabled" if enabled else "disabled")

    def _edit_rule(self, cursor, pick, value):
        job = self._any_edited(pick)
        change = ("rulperiod = %(period)s * interval '1 s'", "rulenabled = NOT rulenabled",
                  "rulstart = rulstart + %(period)s * interval '0.2 s'")[value % 3]
        cursor.execute(f"UPDATE pgagent.pga_rule SET {change} WHERE ruljobid = %(job)s",
                       {"period": 1 + value % 4, "job": job})
        jobs.note(cursor, job, "rule")

    def _edit_schedule(self, cursor, pick, value):
        job = self._any_edited(pick)
        minutes = [bool(value & 1) and number % 2 == value % 2 for number in range(60)]
        cursor.execute("UPDATE pgagent.pga_schedule SET jscminutes = %s WHERE jscjobid = %s", (minutes, job))
        jobs.note(cursor, job, "schedule")

    def _edit_step(self, cursor, pick, value):
        job = self._any(pick)
        cursor.execute("SELECT jstid, jstkind FROM pgagent.pga_jobstep WHERE jstjobid = %s ORDER BY jstid", (job,))
        steps = cursor.fetchall()
        if not steps:
            raise Gone(f"job {job} is not there any more")
        step, kind = steps[value % len(steps)]
        self.maker.write_step(cursor, step, kind, value % 7 / 4)

    def _edit_policy(self, cursor, pick, value):
        """Not of jobs whose policy the checks rely on."""
        cursor.execute("UPDATE pgagent.pga_job SET jobbusy = %s, jobmissed = %s WHERE jobid = %s",
                       (("skip", "queue", "replace")[value % 3], ("once", "skip", "all")[value // 3 % 3], self._any_edited(pick)))

    def _edit_host(self, cursor, pick, value):
        job = self._any_edited(pick)
        cursor.execute("UPDATE pgagent.pga_job SET jobhostagent = %s WHERE jobid = %s",
                       (("", "alpha", "beta")[value % 3], job))
