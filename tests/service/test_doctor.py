# SPDX-License-Identifier: PostgreSQL
"""pgalmanac doctor: each check finds its broken case, and leaves the healthy one alone."""
import json
import os
from contextlib import closing

import psycopg2
import pytest

from harness import Database
from harness.faketime import FakeTime
from harness.jobs import ALWAYS, Jobs, batch, flags, sql
from harness.users import give_away
from harness.waiting import wait_until

DAILY = {"minutes": [30], "hours": [2]}
YEAR = 2040
SECRET = "Geh3im"


class Findings:
    """What doctor said, as JSON."""

    def __init__(self, done):
        assert SECRET not in done.stdout + done.stderr
        self.code = done.returncode
        self.answer = json.loads(done.stdout)
        self.all = self.answer["findings"]

    def of(self, check, *words):
        """(severity, kind, id or else the job's) of each finding of a check whose text has all these words."""
        return [(one["severity"], one["kind"], one["id"] or one["jobid"]) for one in self.all
                if one["check"] == check and all(word in one["what"] for word in words)]


@pytest.fixture
def doctor(pgalmanac, installed, directory):
    def look(*options, database=installed, conninfo=None, environment=None):
        done = pgalmanac("doctor", "--json", "-d", conninfo or database.conninfo, *options,
                         environment={"PGPASSFILE": os.path.join(directory, "no.pgpass"), **(environment or {})})
        assert done.returncode in (0, 2), done.stdout + done.stderr
        return Findings(done)
    return look


@pytest.fixture
def fake_agent(installed):
    """A row of an agent that seems to live: its process is a session of ours."""
    made = []

    def make(name="fake", **columns):
        connection = installed.connect()
        made.append(connection)
        columns = {"jagpid": connection.info.backend_pid, "jagstation": name, "jagname": name, "jagversion": "1",
                   "jaguuid": f"00000000-0000-0000-0000-{len(made):012}", "jagepoch": len(made), **columns}
        installed.execute_as_agent(
            f"INSERT INTO pgagent.pga_jobagent ({', '.join(columns)}, jaglease)"
            f" VALUES ({', '.join(['%s'] * len(columns))}, now() + interval '1 hour')", *columns.values())
        return columns["jagpid"]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def good(jobs):
    """A job with which nothing is wrong."""
    job = jobs.job("nightly", sql("SELECT 1"))
    jobs.schedule(job, **DAILY)
    return job


def text_of(pgalmanac, database, *options, **more):
    done = pgalmanac("doctor", "-d", database.conninfo, *options, **more)
    return done.returncode, done.stdout + done.stderr


# ---- The whole ----

@pytest.mark.core
def test_a_healthy_installation_with_an_agent(doctor, agent, good, installed, pgalmanac):
    agent()
    found = doctor("--connect")
    assert found.all == [] and found.code == 0
    assert found.answer["adopted"] is True
    code, text = text_of(pgalmanac, installed)
    assert code == 0 and text.endswith("nothing is wrong\n")


def test_text_for_people(fake_agent, jobs, installed, pgalmanac):
    fake_agent()
    for number in range(22):
        job = jobs.job(f"job\t{number}", sql("SELECT 1", dbname="sales"), host="" if number else "elsewhere")
        jobs.schedule(job, **DAILY)
    code, text = text_of(pgalmanac, installed)
    assert code == 2
    lines = text.splitlines()
    assert 'error:   no living agent serves host agent "elsewhere"' in lines
    start = lines.index('error:   database "sales" does not exist')
    assert lines[start + 1].startswith("         step ") and 'of job 1 "job\\t0"' in lines[start + 1]
    assert lines[start + 21] == "         and 2 more, see --json"
    assert lines[start + 22].startswith("         -> ")
    assert lines[-1] == "23 errors, 0 warnings, 0 notes"


def test_without_job_tables(pgalmanac, database):
    code, text = text_of(pgalmanac, database)
    assert code == 3 and "has no job tables: pgalmanac setup installs them" in text


def test_nobody_there_and_a_wrong_string(pgalmanac, database, directory):
    assert text_of(pgalmanac, database, "--nonsense")[0] == 1
    done = pgalmanac("doctor", "-d", f"host={directory}/nobody dbname=x password={SECRET}")
    assert done.returncode == 3 and SECRET not in done.stderr


def test_it_changes_nothing(doctor, good, installed):
    before = installed.query("SELECT xmin, jobrevision, jobnextrun FROM pgagent.pga_job")
    doctor()
    assert installed.query("SELECT xmin, jobrevision, jobnextrun FROM pgagent.pga_job") == before


def test_who_may_not_read_everything_is_told(doctor, good, installed):
    role = f"reader_{installed.name}"
    installed.execute(f"CREATE ROLE {role} LOGIN")
    try:
        installed.execute(f"GRANT USAGE ON SCHEMA pgagent TO {role}; GRANT SELECT ON pgagent.pga_job TO {role}")
        found = doctor(conninfo=installed.cluster.conninfo(installed.name, role))
        assert found.code == 2
        assert found.of("schedules", "could not check schedules", "permission denied")
        assert ["may read all tables" in one["mend"] for one in found.all if one["check"] == "tables"] == [True]
    finally:
        installed.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_tables_of_another_version(doctor, installed):
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = '1' WHERE setname = 'schema_version'")
    assert doctor().of("tables", "older than version")


# ---- Agents ----

def test_no_agent(doctor, jobs):
    assert doctor().of("agents") == [("note", "server", None)]
    jobs.job("one", sql("SELECT 1"))
    found = doctor()
    assert found.of("agents", "no agent is at work") == [("error", "server", None)]
    assert found.code == 2


def test_agents_that_are_gone_and_pgagents(doctor, fake_agent, good, installed):
    fake_agent()
    assert not doctor().of("agents")
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (2147483646, 'old')")
    stock = fake_agent("stock", jaguuid=None)
    found = doctor()
    assert found.of("agents", "is gone") == [("warning", "agent", 2147483646)]
    assert found.of("agents", "beside ours") == [("warning", "agent", stock)]


def test_hosts(doctor, fake_agent, jobs):
    wrong = jobs.job("wrong", sql("SELECT 1"), host="db9")
    jobs.job("right", sql("SELECT 1"), host="db1")
    jobs.job("disabled", sql("SELECT 1"), host="db9", enabled=False)
    fake_agent("db1")
    assert doctor().of("hosts", '"db9"') == [("error", "job", wrong)]
    fake_agent("db9")
    assert not doctor().of("hosts")


def test_runs_and_claims_that_nobody_holds(doctor, fake_agent, good, installed):
    here = fake_agent()
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (2147483646, 'old')")
    installed.execute_as_agent("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstart, jlgepoch) VALUES (%s, now() - interval '1 h', 1)", good)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = %s", here)
    assert not doctor().of("runs")
    lost = installed.value("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstart, jlgepoch)"
                           " VALUES (%s, now() - interval '1 h', 77) RETURNING jlgid", good)
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobagentid = 2147483646")
    assert doctor().of("runs") == [("error", "job", good), ("warning", "run", lost)]


def test_batch_steps(doctor, fake_agent, jobs, installed):
    job = jobs.job("one", batch("true"))
    step = installed.value("SELECT jstid FROM pgagent.pga_jobstep")
    fake_agent("db1", jagbatch="off", jaguser="almanac")
    assert doctor().of("batch") == [("error", "step", step)]
    fake_agent("db2", jagbatch="on", jaguser="almanac")
    assert not doctor().of("batch")
    installed.execute("UPDATE pgagent.pga_job SET jobhostagent = 'db1' WHERE jobid = %s", job)
    assert doctor().of("batch") == [("error", "step", step)]


def test_batch_steps_as_root(doctor, fake_agent):
    fake_agent("db1", jagbatch="as nobody", jaguser="root")
    assert not doctor().of("batch")
    root = fake_agent("db2", jagbatch="as root", jaguser="root")
    assert doctor().of("batch", "as root") == [("warning", "agent", root)]


def test_clocks_of_agents(doctor, fake_agent):
    fake_agent("db1", jagskew="1.5 s")
    wrong = fake_agent("db2", jagskew="-3.25 s")
    assert doctor().of("skew", "3.3 s behind") == [("warning", "agent", wrong)] and len(doctor().of("skew")) == 1


def test_a_clock_that_was_ahead(doctor, jobs, installed):
    job = jobs.job("done", sql("SELECT 1"))
    run = "INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart) VALUES (%s, 's', now() + %s)"
    installed.execute(run, job, "2 days")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET joblastslot = now() WHERE jobid = %s", job)
    assert not doctor().of("future")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET joblastslot = now() + interval '2 days' WHERE jobid = %s", job)
    assert len(doctor().of("future", "1 jobs have runs that began later than now")) == 1


def test_the_clock_of_this_machine(doctor, directory):
    assert not doctor().of("clock")
    found = doctor(environment=FakeTime(directory, "+100").environment)
    assert len(found.of("clock", "s ahead of the server's")) == 1


def test_a_zone_that_this_machine_does_not_know(doctor, installed):
    assert not doctor().of("zone")
    installed.execute_as_agent("UPDATE pgagent.pga_setting SET setvalue = 'Mars/Olympus' WHERE setname = 'timezone'")
    assert doctor().of("zone", "does not know the time zone") == [("warning", "server", None)]


# ---- Schedules ----

@pytest.mark.core
@pytest.mark.parametrize("schedule, severity, words", [
    (DAILY, None, ""),
    ({"minutes": [0], "hours": [0], "monthdays": [28], "months": [1]}, None, ""),  # 29 February
    ({"minutes": [0], "hours": [0], "monthdays": [29, 30], "months": [1]}, "warning", "no month that it selects"),
    ({**DAILY, "end": "1999-01-01"}, "warning", "ends before it starts"),
    ({**DAILY, "end": "2001-01-01"}, "note", "has ended"),
    ({**DAILY, "start": "infinity"}, "warning", "never starts"),
    ({**DAILY, "start": f"{YEAR}-01-01 03:00", "end": f"{YEAR}-01-01 05:00"}, "warning", "does not come before its end"),
])
def test_schedules_that_never_run(doctor, jobs, schedule, severity, words):
    one = jobs.schedule(jobs.job("one", sql("SELECT 1")), **schedule)
    assert doctor().of("schedules", words) == ([(severity, "schedule", one)] if severity else [])


def test_schedules_that_exceptions_take_away(doctor, jobs, installed):
    wholly = jobs.schedule(jobs.job("one", sql("SELECT 1")), **DAILY)
    partly = jobs.schedule(jobs.job("two", sql("SELECT 1")), minutes=[30], hours=[2, 3])
    for schedule in (wholly, partly):
        installed.execute("INSERT INTO pgagent.pga_exception (jexscid, jextime) VALUES (%s, '02:30')", schedule)
    assert doctor().of("schedules", "exceptions take away all") == [("warning", "schedule", wholly)]


def test_minutes_that_were_forgotten(doctor, jobs):
    job = jobs.job("one", sql("SELECT 1"))
    jobs.schedule(job, **DAILY)
    jobs.schedule(job, minutes=range(60), hours=[3])
    hours = jobs.schedule(job, hours=[3])
    days = jobs.schedule(job, weekdays=[3])
    found = doctor()
    assert found.of("minutes", "every minute of those hours") == [("note", "schedule", hours)]
    assert found.of("minutes", "every minute of those days") == [("note", "schedule", days)]
    assert len(found.of("minutes")) == 2


@pytest.mark.parametrize("date, time, words", [
    ("2040-01-02", None, None),  # a Monday
    ("2040-01-02", "02:30", None),
    (None, "02:30", None),
    (None, None, "neither date nor time"),
    ("2040-01-03", None, "a date on which its schedule does not run"),
    ("2040-01-02", "02:31", "a time at which its schedule does not run"),
    (None, "04:30", "a time at which"),
    ("2051-01-02", None, "before the start or after the end"),
])
def test_exceptions(doctor, jobs, installed, date, time, words):
    schedule = jobs.schedule(jobs.job("one", sql("SELECT 1")), weekdays=[1], hours=[2, 3], minutes=[30], end="2050-01-01")
    one = installed.value("INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime) VALUES (%s, %s, %s) RETURNING jexid",
                          schedule, date, time)
    assert doctor().of("exceptions", words or "") == ([("warning", "exception", one)] if words else [])


def test_exceptions_of_the_last_day_and_of_the_past(doctor, jobs, installed):
    schedule = jobs.schedule(jobs.job("one", sql("SELECT 1")), hours=[2], minutes=[30], monthdays=[31])
    insert = "INSERT INTO pgagent.pga_exception (jexscid, jexdate) VALUES (%s, %s) RETURNING jexid"
    installed.value(insert, schedule, "2040-02-29")
    wrong = installed.value(insert, schedule, "2041-02-27")
    installed.value(insert, schedule, "2001-02-28")
    installed.value(insert, schedule, "2001-02-27")
    assert doctor().of("exceptions") == [("warning", "exception", wrong), ("note", "database", None)]


def test_rules(doctor, jobs, installed):
    job = jobs.job("one", sql("SELECT 1"))
    jobs.rule(job, "daily")
    assert not doctor().of("rules") and not doctor().of("jobs")
    wrong = jobs.rule(job, "cron", rultext="0 0 31 2 *")
    installed.execute_as_agent("UPDATE pgagent.pga_rule SET rulproblem = 'no date fits' WHERE rulid = %s", wrong)
    over = jobs.rule(job, "daily", rulstart="2001-01-01 00:00+00", rulend="2002-01-01 00:00+00")
    idle = jobs.rule(jobs.job("two", sql("SELECT 1")), "daily", rulexception=True)
    found = doctor()
    assert found.of("rules", "no date fits") == [("error", "rule", wrong)]
    assert found.of("rules", "has ended") == [("note", "rule", over)]
    assert found.of("rules", "takes nothing away") == [("note", "rule", idle)]


def test_lines_of_comments_that_are_not_in_force(doctor, good, installed):
    installed.execute("UPDATE pgagent.pga_job SET jobdesc = '@rule 0 9 * * *' WHERE jobid = %s", good)
    assert not doctor().of("comments")
    installed.execute_as_agent("UPDATE pgagent.pga_job SET jobdesc = '@rule 0 10 * * *' || chr(10) || '@rule nonsense'")
    found = doctor()
    assert found.of("comments", '"@rule 0 10 * * *"', "is not in force") == [("warning", "job", good)]
    assert found.of("comments", "cannot be read") == [("note", "job", good)]


def test_jobs_that_nothing_starts_or_that_do_nothing(doctor, jobs, good):
    assert not doctor().of("jobs")
    idle = jobs.job("idle", sql("SELECT 1"))
    empty = jobs.job("empty", sql("SELECT 1", enabled=False))
    jobs.schedule(empty, **DAILY)
    jobs.job("disabled", enabled=False)
    assert sorted(doctor().of("jobs")) == [("note", "job", idle), ("warning", "job", empty)]


# ---- Steps ----

def test_databases(doctor, jobs, installed, fake_agent):
    jobs.job("right", sql("SELECT 1"), sql("SELECT 1", dbname="nowhere", enabled=False))
    assert not doctor().of("databases")
    jobs.job("wrong", sql("SELECT 1", dbname="nowhere"), sql("SELECT 1", dbname="template0"))
    found = doctor()
    assert len(found.of("databases", '"nowhere" does not exist')) == 1
    assert len(found.of("databases", '"template0" does not allow connections')) == 1
    assert len(found.of("databases")) == 2


def test_databases_that_the_agents_role_may_not_enter(doctor, jobs, installed, fake_agent, cluster):
    closed = Database.create(cluster, f"closed_{installed.name}")
    role = f"agent_{installed.name}"
    installed.execute(f"CREATE ROLE {role} LOGIN")
    connection = installed.connect(user=role)
    try:
        jobs.job("one", sql("SELECT 1", dbname=closed.name))
        fake_agent(jagpid=connection.info.backend_pid)
        assert not doctor().of("databases")
        installed.execute(f"REVOKE CONNECT ON DATABASE {closed.name} FROM PUBLIC")
        assert [one[0] for one in doctor().of("databases", f'"{role}"', "may not connect")] == ["error"]
    finally:
        connection.close()
        closed.drop()
        installed.execute(f"DROP ROLE {role}")


def test_databases_whose_password_is_missing(doctor, make_cluster, directory):
    """The entry that lets an agent into its own database does not let its steps into others."""
    server = make_cluster().start()
    made = Database.create_installed(server, "home")
    made.execute(f"CREATE ROLE agent LOGIN SUPERUSER PASSWORD '{SECRET}'")
    Jobs(made).job("one", sql("SELECT 1", dbname="postgres"))
    with open(os.path.join(server.data, "pg_hba.conf"), "w", encoding="ascii") as file:
        file.write("local all postgres trust\nlocal all agent scram-sha-256\n")
    server.reload()
    path = os.path.join(directory, "home.pgpass")

    def look(database, *options):
        with open(path, "w", encoding="ascii") as file:
            file.write(f"*:*:{database}:agent:{SECRET}\n")
        os.chmod(path, 0o600)
        give_away(path)
        return doctor(*options, conninfo=server.conninfo("home", "agent"), environment={"PGPASSFILE": path})

    assert not look("*").of("targets")
    assert not look("*", "--connect").of("targets")
    assert [one[0] for one in look("home").of("targets", 'no password for database "postgres"')] == ["warning"]
    assert [one[0] for one in look("home", "--connect").of("targets", "could not connect", "no password supplied")] == ["error"]


def test_connection_strings(doctor, jobs, installed):
    jobs.job("right", sql("SELECT 1", connstr=installed.conninfo))
    assert not doctor().of("targets")
    jobs.job("wrong", sql("SELECT 1", connstr=f"host=db1 pasword={SECRET}"), sql("SELECT 1", connstr=SECRET))
    jobs.job("open", sql("SELECT 1", connstr=f"host=db1 dbname=x password={SECRET}"),
             sql("SELECT 1", connstr=f"postgresql://me:{SECRET}@db1/x"))
    found = doctor()
    assert [one[0] for one in found.of("targets", "cannot read connection string")] == ["error"] * 2
    assert [one[0] for one in found.of("targets", "holds a password")] == ["warning"] * 2
    assert len(found.of("targets")) == 4


def test_password_files(doctor, jobs, directory):
    path = os.path.join(directory, "pgpass")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# all of db1\ndb1:*:sales:me:{SECRET}\n")
    give_away(path)
    os.chmod(path, 0o600)
    environment = {"PGPASSFILE": path}
    jobs.job("right", sql("SELECT 1", connstr="host=db1 dbname=sales user=me"))
    assert not doctor(environment=environment).of("targets")
    jobs.job("wrong", sql("SELECT 1", connstr="host=db1 dbname=stock user=me"))
    found = doctor(environment=environment)
    assert [one[0] for one in found.of("targets", 'no password for database "stock"', path)] == ["note"]
    assert len(found.of("targets")) == 1
    os.chmod(path, 0o644)
    found = doctor(environment=environment)
    assert found.of("targets", "libpq does not use this file") == [("warning", "file", None)]
    assert len(found.of("targets", "no password for")) == 2


@pytest.mark.core
def test_connecting(doctor, jobs, installed, cluster):
    full = Database.create(cluster, f"full_{installed.name}")
    held = full.connect(user="postgres")
    role = f"one_{installed.name}"
    installed.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
    try:
        right = jobs.job("right", sql("SELECT 1"), sql("SELECT 1", connstr=installed.conninfo))
        assert not doctor("--connect").of("targets")
        jobs.job("wrong", sql("SELECT 1", connstr=cluster.conninfo("nowhere")),
                 sql("SELECT 1", connstr=cluster.conninfo(full.name, role)),
                 sql("SELECT 1", connstr=f"host=127.0.0.1 port=1 dbname=x connect_timeout=5 password={SECRET}"))
        found = doctor("--connect")
        assert len(found.of("targets", "could not connect", 'database "nowhere" does not exist')) == 1
        assert [one[0] for one in found.of("targets", "could not connect", "too many connections for role")] == ["warning"]
        assert len(found.of("targets", "could not connect", "Connection refused")) == 1
        assert not [one for one in found.all if one["check"] == "targets" and one["jobid"] == right]
        assert not doctor().of("targets", "could not connect")
    finally:
        held.close()
        installed.execute(f"DROP ROLE {role}")
        full.drop()


@pytest.mark.parametrize("code, words", [
    ("ALTER ROLE x VALID UNTIL 'infinity'", None),
    ("SELECT dblink('host=x passfile=/root/x')", None),
    ("CREATE USER MAPPING FOR x SERVER y OPTIONS (password :'secret')", None),
    (f"ALTER ROLE x PASSWORD '{SECRET}'", "a password"),
    (f"SELECT dblink('host=x password={SECRET}', '')", "a password"),
    (f"psql postgresql://me:{SECRET}@db1/x", "a password"),
    (f"PGPASSWORD='{SECRET}' psql", "a password"),
    ("PGPASSWORD=$(cat secret) psql", None),
    ("BEGIN; UPDATE x SET y = 1; COMMIT;", None),
    ("DO $x$ BEGIN PERFORM 1; END $x$", None),
    ("BEGIN; UPDATE x SET y = 1;", "begins a transaction"),
    ("start transaction isolation level serializable; SELECT 1", "begins a transaction"),
    ("DO $$ BEGIN PERFORM 1; END $$", "$$"),
])
def test_text_of_steps(doctor, jobs, code, words):
    jobs.job("one", sql(code))
    assert len(doctor().of("text", words or "")) == (1 if words else 0)


@pytest.mark.parametrize("names, wrong", [
    (["1", "2"], False), (["step 02", "step 10"], False), (["load", "2 sort"], False), (["10 load", "2 sort"], True),
    (["step 10", "step 2"], True), (["a 10", "b 2"], False),
])
def test_order_of_steps(doctor, jobs, names, wrong):
    job = jobs.job("one")
    for name in names:
        jobs.step(job, name, "s", "SELECT 1")
    assert doctor().of("step-order") == ([("note", "job", job)] if wrong else [])


# ---- Tables and server ----

def test_sequences_that_are_behind(doctor, good, installed):
    assert not doctor().of("sequences")
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgid, jlgjobid, jlgstatus) VALUES (500, %s, 's')", good)
    found = doctor()
    assert found.of("sequences") == [("error", "sequence", None)]
    mend = [one["mend"] for one in found.all if one["check"] == "sequences"][0]
    installed.execute(mend)
    assert not doctor().of("sequences")


def test_ids_that_are_half_used(doctor, installed):
    assert not doctor().of("log-ids")
    installed.execute("SELECT setval('pgagent.pga_joblog_jlgid_seq', 1200000000)")
    assert doctor().of("log-ids", "55 %", "pga_joblog.jlgid") == [("warning", "sequence", None)]
    installed.execute("SELECT setval('pgagent.pga_joblog_jlgid_seq', 2100000000)")
    assert doctor().of("log-ids", "97 %") == [("error", "sequence", None)]


def test_a_large_history(doctor, good, installed):
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'off' WHERE setname = 'retention'")
    rows = "UPDATE pg_class SET reltuples = %s WHERE oid = 'pgagent.pga_joblog'::regclass"
    installed.execute("INSERT INTO pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart) VALUES (%s, 's', now())", good)
    installed.execute(rows, 200000)
    assert not doctor().of("history")
    installed.execute("UPDATE pgagent.pga_joblog SET jlgstart = now() - interval '2 years'")
    assert doctor().of("history") == [("warning", "database", None)]
    installed.execute("INSERT INTO pgagent.pga_setting VALUES ('retention', '90 days')"
                      " ON CONFLICT (setname) DO UPDATE SET setvalue = EXCLUDED.setvalue")
    assert not doctor().of("history")
    installed.execute("UPDATE pgagent.pga_setting SET setvalue = 'off' WHERE setname = 'retention'")
    installed.execute("UPDATE pgagent.pga_joblog SET jlgstart = now()")
    installed.execute(rows, 2000000)
    assert doctor().of("history") == [("warning", "database", None)]


def test_settings_of_the_server(doctor, fake_agent, installed, directory):
    assert not doctor().of("settings")
    installed.execute_as_agent("UPDATE pgagent.pga_setting SET setvalue = 'Europe/Berlin' WHERE setname = 'timezone'")
    for name in ("db1", "db2", "db3"):
        fake_agent(name)
    found = doctor()
    assert found.of("settings", "time zone is UTC", "Europe/Berlin") == [("note", "server", None)]
    assert not found.of("settings", "connections")
    path = os.path.join(directory, "many.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("max-connections = 40\n")
    assert doctor("--config", path).of("settings", "3 agent(s) may take 40") == [("warning", "server", None)]


def test_sql_ascii(doctor, cluster):
    made = Database.create_installed(cluster, "doctor_ascii", encoding="SQL_ASCII")
    try:
        found = doctor(database=made)
        assert len(found.of("settings", "SQL_ASCII")) == 1
        made.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, E'b\\xe4d \"name\"')")
        assert doctor(database=made).of("jobs")
    finally:
        made.drop()


def test_dead_rows(doctor, installed):
    assert not doctor().of("vacuum")
    installed.execute("ALTER TABLE pgagent.pga_jobagent SET (autovacuum_enabled = off)")
    installed.execute("INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) SELECT n, 'x' FROM generate_series(1, 12000) n")
    installed.execute("DELETE FROM pgagent.pga_jobagent")
    wait_until(lambda: doctor().of("vacuum", "pga_jobagent has"), "the server has counted them")


def test_long_transactions(make_cluster, doctor, directory):
    clock = FakeTime(directory, "-3d")
    server = make_cluster(environment=clock.environment).start()
    made = Database.create_installed(server)
    with closing(made.connect(autocommit=False)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert not doctor(database=made).of("vacuum")
        clock.set("+0")
        assert doctor(database=made).of("vacuum", "a transaction is open since") == [
            ("note", "session", connection.info.backend_pid)]


# ---- A pgAgent's tables, not adopted ----

@pytest.fixture
def stock(cluster):
    made = Database.create(cluster, "doctor_stock")
    try:
        made.execute("CREATE EXTENSION pgagent")
        made.execute(f"ALTER DATABASE {made.name} SET timezone = 'Europe/Berlin'")
        made.close()
        yield made
    except psycopg2.Error:
        pytest.skip("this server has no pgagent extension")
    finally:
        made.drop()


def stock_job(stock, dbname, minutes=(), hours=(), monthdays=(), connstr=""):
    job = stock.value("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobhostagent) VALUES (1, 'old', '') RETURNING jobid")
    stock.execute("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname, jstconnstr)"
                  " VALUES (%s, 'step', 's', 'SELECT 1', %s, %s)", job, dbname, connstr)
    return job, stock.value(
        "INSERT INTO pgagent.pga_schedule (jscjobid, jscname, jscstart, jscminutes, jschours, jscweekdays, jscmonthdays,"
        " jscmonths) VALUES (%s, 'schedule', %s, %s, %s, %s, %s, %s) RETURNING jscid", job, ALWAYS, flags(60, minutes),
        flags(24, hours), flags(7, ()), flags(32, monthdays), flags(12, ()))


def test_a_pgagent_before_its_adoption(stock, doctor, pgalmanac):
    _, healthy = stock_job(stock, stock.name, minutes=[0], hours=[5])
    _, nightly = stock_job(stock, stock.name, minutes=[30], hours=[2])
    _, last = stock_job(stock, "nowhere", minutes=[0], hours=[5], monthdays=[14, 31])
    stock.execute("INSERT INTO pgagent.pga_exception (jexscid, jexdate, jextime) VALUES (%s, '2040-01-01', '06:00')", healthy)
    # One after which a pgAgent itself would search for ever.
    stock.execute("ALTER TABLE pgagent.pga_exception DISABLE TRIGGER ALL")
    stock.execute("INSERT INTO pgagent.pga_exception (jexscid, jextime) VALUES (%s, '05:00')", healthy)
    found = doctor(database=stock)
    assert found.answer["adopted"] is False and found.code == 2
    assert found.of("defects", "never runs on the last day") == [("warning", "schedule", last)]
    assert found.of("defects", "searches for ever") == [("warning", "schedule", healthy)]
    assert [one[0] for one in found.of("defects", "02:30")] == ["note", "note"]
    assert found.of("defects", "02:30")[0][2] == nightly
    assert len(found.of("databases", '"nowhere" does not exist')) == 1
    assert len(found.of("exceptions", "a time at which")) == 1
    assert found.of("schedules", "exceptions take away all") == [("warning", "schedule", healthy)]
    assert not [one for one in found.all if one["what"].startswith("could not")]
    code, text = text_of(pgalmanac, stock)
    assert code == 2 and text.splitlines()[0].endswith(", with the tables of a pgAgent, not adopted yet")


def test_defects_of_a_pgagent_matter_only_where_there_is_one(doctor, fake_agent, jobs):
    job = jobs.job("one", sql("SELECT 1"))
    jobs.schedule(job, minutes=[0], hours=[5], monthdays=[14, 31])
    fake_agent("db1")
    assert not doctor().of("defects")
    fake_agent("stock", jaguuid=None)
    assert len(doctor().of("defects", "last day")) == 1
