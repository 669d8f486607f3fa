# SPDX-License-Identifier: PostgreSQL
"""What pgAdmin 4 (9.x) sends for its tree "pgAgent Jobs": a function or constant for each of its templates.

Everything is text without parameters, as there. `data` is what its dialogs send: the columns by name, of a step also
jstconntype (true: local). JOB, STEP, SCHEDULE and EXCEPTION are the dialogs' defaults, to be completed: {**STEP, …}.
PgAdmin(connection) does what the user's clicks do."""
import psycopg2

# --- literals and defaults ----------------------------------------------------------------------------------

CONNECT = "SET DateStyle=ISO; SET client_min_messages=notice; SET bytea_output=hex; SET client_encoding='UTF8';"


def flags(size, *selected):
    return [n in selected for n in range(size)]


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "'{" + ",".join("t" if one else "f" for one in value) + "}'::bool[]"
    quoted = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'"
    return "E" + quoted if "\\" in value else quoted


def boolean(value):
    return "true" if value else "false"


JOB = {"jobname": "", "jobenabled": True, "jobhostagent": "", "jobjclid": 1, "jobdesc": "", "jsteps": [], "jschedules": []}
STEP = {"jstname": "step", "jstdesc": "", "jstenabled": True, "jstkind": True, "jstconntype": True, "jstcode": "SELECT 1",
        "jstconnstr": "", "jstdbname": "postgres", "jstonerror": "f"}
SCHEDULE = {"jscname": "schedule", "jscdesc": "", "jscenabled": True, "jscstart": "2090-01-01 00:00:00 +00:00", "jscend": None,
            "jscminutes": flags(60), "jschours": flags(24), "jscweekdays": flags(7), "jscmonthdays": flags(32),
            "jscmonths": flags(12), "jscexceptions": []}
EXCEPTION = {"jexdate": None, "jextime": None}

# --- whether the tree is shown ------------------------------------------------------------------------------

IS_SHOWN = """
    SELECT has_table_privilege('pgagent.pga_job', 'INSERT, SELECT, UPDATE') has_priviledge
    WHERE EXISTS(SELECT has_schema_privilege('pgagent', 'USAGE')
      WHERE EXISTS(SELECT cl.oid FROM pg_catalog.pg_class cl
        LEFT JOIN pg_catalog.pg_namespace ns ON ns.oid=relnamespace
        WHERE relname='pga_job' AND nspname='pgagent'))"""
HAS_CONNSTR = """
    SELECT EXISTS(SELECT 1 FROM information_schema.columns
      WHERE table_schema='pgagent' AND table_name='pga_jobstep' AND column_name='jstconnstr') has_connstr"""

# --- jobs ---------------------------------------------------------------------------------------------------

JOB_CLASSES = "SELECT jclid AS value, jclname AS label FROM pgagent.pga_jobclass"
FIND_JOB = "SELECT jobid FROM pgagent.pga_job WHERE xmin::text = (txid_current() % (2^32)::bigint)::text;"


def job_nodes(jid=None):
    where = f"WHERE jobid = {jid}::integer" if jid else ""
    return f"SELECT jobid, jobname, jobenabled, jobdesc FROM pgagent.pga_job {where} ORDER BY jobname"


def job_properties(jid=None):
    where = f"WHERE j.jobid = {jid}::integer" if jid else ""
    return f"""
    SELECT j.jobid AS jobid, j.jobname AS jobname, j.jobenabled AS jobenabled, j.jobdesc AS jobdesc,
           j.jobhostagent AS jobhostagent, j.jobcreated AS jobcreated, j.jobchanged AS jobchanged, ag.jagstation AS jagagent,
           sub.jlgstatus AS jlgstatus, j.jobagentid AS jobagentid, j.jobnextrun AS jobnextrun, j.joblastrun AS joblastrun,
           j.jobjclid AS jobjclid, jc.jclname AS jobclass
    FROM pgagent.pga_job j LEFT OUTER JOIN pgagent.pga_jobagent ag ON ag.jagpid=jobagentid
    LEFT OUTER JOIN (SELECT DISTINCT ON (jlgjobid) jlgstatus, jlgjobid FROM pgagent.pga_joblog ORDER BY jlgjobid, jlgid DESC) sub
      ON sub.jlgjobid = j.jobid
    LEFT JOIN pgagent.pga_jobclass jc ON (j.jobjclid = jc.jclid)
    {where} ORDER BY j.jobname"""


def create_job(data):
    """Also the text of the SQL tab. FIND_JOB follows in the same string; between BEGIN and END."""
    declared = "scid integer;" if data["jschedules"] else ""
    steps = "\n".join(insert_step(step) for step in data["jsteps"])
    schedules = "\n".join(insert_schedule(schedule) for schedule in data["jschedules"])
    return f"""
    DO $$
    DECLARE
        jid integer;
        {declared}
    BEGIN
    INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc, jobhostagent, jobenabled)
    VALUES ({literal(data["jobjclid"])}::integer, {literal(data["jobname"])}::text, {literal(data["jobdesc"])}::text,
      {literal(data["jobhostagent"])}::text, {boolean(data["jobenabled"])}) RETURNING jobid INTO jid;
    {steps}
    {schedules}
    END
    $$;"""


def update_job(jid, data):
    """data: columns, and jsteps and jschedules with added, changed, deleted. One string, one implicit transaction."""
    casts = {"jobjclid": "::integer", "jobname": "::text", "jobdesc": "::text", "jobhostagent": "::text", "jobenabled": ""}
    changes = [f"{name}={boolean(data[name]) if name == 'jobenabled' else literal(data[name])}{cast}"
               for name, cast in casts.items() if name in data]
    parts = [f"UPDATE pgagent.pga_job SET {', '.join(changes)} WHERE jobid = {jid};"] if changes else []
    steps, schedules = data.get("jsteps", {}), data.get("jschedules", {})
    parts += [delete_step(jid, step["jstid"]) for step in steps.get("deleted", [])]
    parts += [update_step(jid, step["jstid"], step) for step in steps.get("changed", [])]
    parts += [insert_step(step, jid) for step in steps.get("added", [])]
    parts += [delete_schedule(jid, schedule["jscid"]) for schedule in schedules.get("deleted", [])]
    parts += [update_schedule(jid, schedule["jscid"], schedule) for schedule in schedules.get("changed", [])]
    if schedules.get("added"):
        parts.append(in_block("\n".join(insert_schedule(schedule, jid) for schedule in schedules["added"])))
    return "\n".join(parts)


def delete_job(jid):
    return f"DELETE FROM pgagent.pga_job WHERE jobid={jid}::integer;"


def run_now(jid):
    return f"UPDATE pgagent.pga_job SET jobnextrun=now()::timestamptz WHERE jobid={jid}::integer"


def job_statistics(jid, rows=250):
    return f"""
    SELECT jlgid AS "Run", jlgstatus AS "Status", jlgstart AS "Start time", jlgduration AS "Duration",
           (jlgstart + jlgduration) AS "End time"
    FROM pgagent.pga_joblog WHERE jlgjobid = {jid}::integer ORDER BY jlgid DESC LIMIT {rows}"""

# --- steps --------------------------------------------------------------------------------------------------


def step_nodes(jid, jstid=None):
    where = f"jstid = {jstid}::integer AND " if jstid else ""
    return f"""
    SELECT jstid, jstjobid, jstname, jstenabled, jstkind = 's'::bpchar AS jstkind, jstdesc
    FROM pgagent.pga_jobstep WHERE {where}jstjobid = {jid}::integer ORDER BY jstname"""


def step_properties(jid, jstid=None):
    """Without jstid also the job's own look at its steps."""
    where = f"jstid = {jstid}::integer AND " if jstid else ""
    return f"""
    SELECT jstid, jstjobid, jstname, jstdesc, jstenabled, jstkind = 's'::bpchar AS jstkind, jstcode,
           CASE WHEN (jstdbname != '' OR jstkind = 'b'::bpchar) THEN true ELSE false END AS jstconntype,
           jstconnstr, jstdbname, jstonerror, jscnextrun
    FROM pgagent.pga_jobstep WHERE {where}jstjobid = {jid}::integer ORDER BY jstname"""


def insert_step(data, jid=None):
    """Without jid: within create_job()'s block."""
    connstr = "''" if data["jstconntype"] else literal(data["jstconnstr"])
    dbname = literal(data["jstdbname"]) if data["jstconntype"] and data["jstkind"] else "''"
    return f"""
    INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstenabled, jstkind, jstconnstr, jstdbname, jstonerror, jstcode, jstdesc)
    VALUES ({jid or "jid"}, {literal(data["jstname"])}::text, {boolean(data["jstenabled"])},
      {"'s'" if data["jstkind"] else "'b'"}::character(1), {connstr}::text, {dbname}::name,
      {literal(data["jstonerror"])}::character(1), {literal(data["jstcode"])}::text, {literal(data["jstdesc"])}::text)
    {"RETURNING jstid" if jid else ""};"""


def update_step(jid, jstid, data):
    changes = []
    if "jstkind" in data and data["jstkind"]:
        changes.append(f"jstkind='s'::character(1), jstdbname={literal(data['jstdbname'])}")
    elif "jstkind" in data:
        changes.append("jstkind='b'::character(1), jstdbname='', jstconnstr=''")
    elif "jstconntype" in data and data["jstconntype"]:
        changes.append(f"jstdbname={literal(data['jstdbname'])}, jstconnstr=''")
    elif "jstconntype" in data:
        changes.append(f"jstdbname='', jstconnstr={literal(data['jstconnstr'])}")
    if "jstname" in data:
        changes.append(f"jstname={literal(data['jstname'])}::text")
    if "jstenabled" in data:
        changes.append(f"jstenabled={boolean(data['jstenabled'])}")
    changes += [f"{name}={literal(data[name])}" for name in ("jstdesc", "jstonerror", "jstcode") if name in data]
    return f"UPDATE pgagent.pga_jobstep SET {', '.join(changes)} WHERE jstid={jstid}::integer AND jstjobid={jid}::integer;"


def delete_step(jid, jstid):
    return f"DELETE FROM pgagent.pga_jobstep WHERE jstid={jstid}::integer AND jstjobid={jid}::integer;"


def step_statistics(jstid, rows=250):
    return f"""
    SELECT jslid AS "Run", jslstatus AS "Status", jslresult AS "Result", jslstart AS "Start time",
           (jslstart + jslduration) AS "End time", jslduration AS "Duration", jsloutput AS "Output"
    FROM pgagent.pga_jobsteplog WHERE jsljstid = {jstid}::integer ORDER BY jslid DESC LIMIT {rows}"""

# --- schedules ----------------------------------------------------------------------------------------------


FIND_SCHEDULE = "SELECT jscid FROM pgagent.pga_schedule WHERE xmin::text = (txid_current() % (2^32)::bigint)::text;"
LISTS = ("jscmonths", "jscminutes", "jscmonthdays", "jschours", "jscweekdays")


def in_block(inserts):
    return f"DO $$\nDECLARE\n    scid integer;\nBEGIN\n{inserts}\nEND\n$$;"


def schedule_nodes(jid, jscid=None):
    where = f"jscid = {jscid}::integer AND " if jscid else ""
    return f"""
    SELECT jscid, jscjobid, jscname, jscenabled, jscdesc
    FROM pgagent.pga_schedule WHERE {where}jscjobid = {jid}::integer ORDER BY jscname"""


def schedule_properties(jid, jscid=None):
    """Without jscid also the job's own look at its schedules."""
    where = f"s.jscid = {jscid}::integer AND " if jscid else ""
    return f"""
    SELECT jscid, jscjobid, jscname, jscdesc, jscenabled, jscstart, jscend, jscminutes, jschours, jscweekdays, jscmonthdays,
           jscmonths, jexid, jexdate, jextime
    FROM pgagent.pga_schedule s LEFT JOIN (
      SELECT jexscid, array_agg(jexid) AS jexid, array_agg(to_char(jexdate, 'YYYY-MM-DD')) AS jexdate, array_agg(jextime) AS jextime
      FROM (SELECT * FROM pgagent.pga_exception ORDER BY jexid) ex GROUP BY jexscid) e ON s.jscid = e.jexscid
    WHERE {where}s.jscjobid = {jid}::integer ORDER BY jscname"""


def insert_schedule(data, jid=None):
    """Without jid: within create_job()'s block. With it: in_block()."""
    lists = ", ".join(f"{literal(data[name])}::boolean[]" for name in
                      ("jscminutes", "jschours", "jscweekdays", "jscmonthdays", "jscmonths"))
    end = f"{literal(data['jscend'])}::timestamp with time zone," if data["jscend"] else ""
    exceptions = "\n".join(insert_exception(exception) for exception in data.get("jscexceptions", []))
    return f"""
    INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscdesc, jscenabled, jscstart, {"jscend," if end else ""}
      jscminutes, jschours, jscweekdays, jscmonthdays, jscmonths)
    VALUES ({jid or "jid"}, {literal(data["jscname"])}::text, {literal(data["jscdesc"])}::text, {boolean(data["jscenabled"])},
      {literal(data["jscstart"])}::timestamp with time zone, {end} {lists}) RETURNING jscid INTO scid;
    {exceptions}"""


def create_schedule(jid, data):
    """FIND_SCHEDULE follows in the same string; between BEGIN and END."""
    return in_block(insert_schedule(data, jid))


def update_schedule(jid, jscid, data):
    """data: columns, and jscexceptions with added, changed, deleted."""
    changes = [f"jscname={literal(data['jscname'])}::text"] if "jscname" in data else []
    if "jscenabled" in data:
        changes.append(f"jscenabled={boolean(data['jscenabled'])}")
    if "jscdesc" in data:
        changes.append(f"jscdesc={literal(data['jscdesc'] or '')}::text")
    if "jscstart" in data:
        changes.append(f"jscstart={literal(data['jscstart'])}::timestamptz")
    if "jscend" in data:
        changes.append(f"jscend={literal(data['jscend'] or None)}::timestamptz")
    changes += [f"{name}={literal(data[name])}::boolean[]" for name in LISTS if name in data]
    where = f"WHERE jscid={jscid}::integer AND jscjobid={jid}::integer"
    parts = [f"UPDATE pgagent.pga_schedule SET {', '.join(changes)} {where};"] if changes else []
    exceptions = data.get("jscexceptions", {})
    parts += [insert_exception(exception, jscid) for exception in exceptions.get("added", [])]
    parts += [delete_exception(jscid, exception) for exception in exceptions.get("deleted", [])]
    parts += [update_exception(jscid, exception) for exception in exceptions.get("changed", [])]
    return "\n".join(parts)


def delete_schedule(jid, jscid):
    return f"DELETE FROM pgagent.pga_schedule WHERE jscid={jscid}::integer AND jscjobid={jid}::integer;"


def exception_date(data):
    return f"to_date({literal(data['jexdate'])}, 'YYYY-MM-DD')::date" if data["jexdate"] else "NULL::date"


def exception_time(data):
    return f"{literal(data['jextime'] or None)}::time without time zone"


def insert_exception(data, jscid=None):
    return f"""
    INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime)
    VALUES ({jscid or "scid"}, {exception_date(data)}, {exception_time(data)});"""


def update_exception(jscid, data):
    changes = [f"jexdate={exception_date(data)}"] if "jexdate" in data else []
    changes += [f"jextime={exception_time(data)}"] if "jextime" in data else []
    return (f"UPDATE pgagent.pga_exception SET {', '.join(changes)}"
            f" WHERE jexid={data['jexid']}::integer AND jexscid={jscid}::integer;")


def delete_exception(jscid, data):
    return f"DELETE FROM pgagent.pga_exception WHERE jexid={data['jexid']}::integer AND jexscid={jscid}::integer;"

# --- what its own regression tests insert: few columns, the rest by default -----------------------------------


def regression_job(name):
    return f"""
    INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc, jobhostagent, jobenabled)
    VALUES (1::integer, {literal(name)}::text, ''::text, ''::text, true) RETURNING jobid;"""


def regression_schedule(jid, name):
    return f"""
    INSERT INTO pgagent.pga_schedule (jscname, jscjobid, jscenabled, jscdesc, jscstart, jscend)
    VALUES ({literal(name)}::text, {jid}::int, true, '', '2050-01-01 12:14:21 +05:30'::timestamp with time zone,
      '2050-01-30 12:14:21 +05:30'::timestamp with time zone) RETURNING jscid;"""


def regression_exception(jscid, date, time):
    return f"""
    INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime)
    VALUES ({jscid}, to_date('{date}', 'YYYY-MM-DD'), '{time}'::time without time zone) RETURNING jexid;"""


def regression_step(jid, name):
    return f"""
    INSERT INTO pgagent.pga_jobstep (jstname, jstjobid, jstenabled, jstkind, jstcode, jstdbname)
    VALUES ({literal(name)}::text, {jid}::int, true, 's', 'SELECT 1', 'postgres') RETURNING jstid;"""

# --- the user -----------------------------------------------------------------------------------------------


def shown_error(error):
    """What the dialog shows of an error of psycopg2: the message and its DETAIL, or all of it."""
    if error.diag.message_detail:
        return f"{error.diag.message_primary}\nDETAIL:  {error.diag.message_detail}"
    return str(error)


class PgAdmin:
    """One user's tree, on an autocommit connection. Errors are psycopg2's."""

    def __init__(self, connection):
        self.connection = connection
        self.send(CONNECT)

    def send(self, sql):
        """One string, as it is; returns the rows of its last statement as dicts, None if it has none."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            if cursor.description is None:
                return None
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    def create_job(self, **data):
        """Save in the dialog of a new job. What pgAdmin shows as the new job: its look-up's first row."""
        job = self._create(create_job({**JOB, **data}) + FIND_JOB, "jobid")
        nodes = self.send(job_nodes(job))
        assert len(nodes) == 1 and nodes[0]["jobname"] == data.get("jobname", ""), nodes
        return job

    def add_schedule(self, job, **data):
        return self._create(create_schedule(job, {**SCHEDULE, **data}) + FIND_SCHEDULE, "jscid")

    def add_step(self, job, **data):
        return self.send(insert_step({**STEP, **data}, job))[0]["jstid"]

    def edit_job(self, job, **data):
        """Save in the dialog of a job, which then reads it again."""
        self.send(update_job(job, data))
        return self.job(job)

    def run_now(self, job):
        self.send(run_now(job))

    def delete_job(self, job):
        self.send(delete_job(job))

    def job(self, job):
        rows = self.send(job_properties(job))
        assert len(rows) == 1, rows
        return {**rows[0], "jsteps": self.send(step_properties(job)), "jschedules": self.send(schedule_properties(job))}

    def step(self, job, name):
        """Its id, found in the tree."""
        return next(row["jstid"] for row in self.send(step_nodes(job)) if row["jstname"] == name)

    def schedule(self, job, name):
        return next(row["jscid"] for row in self.send(schedule_nodes(job)) if row["jscname"] == name)

    def _create(self, sql, column):
        """The END after an error rolls back."""
        self.send("BEGIN")
        try:
            rows = self.send(sql)
        except psycopg2.Error:
            self.send("END")
            raise
        self.send("END")
        assert len(rows) == 1, f"pgAdmin takes the first of {rows}"
        return rows[0][column]
