# SPDX-License-Identifier: PostgreSQL
"""Databases with a pgAgent, for tests of what setup makes of them: fixtures, to be imported, and functions."""
import glob
import itertools
import json
import os
import re
import subprocess
from contextlib import closing, contextmanager

import psycopg2
import pytest

from harness import Database
from harness.jobs import Jobs
from harness.pgagent import PgAgent
from harness.users import clean_environment, popen_user
from harness.waiting import wait_until
from test_schema import QUERIES

numbers = itertools.count(1)
TABLES = ("pga_jobagent", "pga_jobclass", "pga_job", "pga_jobstep", "pga_schedule", "pga_exception", "pga_joblog",
          "pga_jobsteplog")
COMMENTS = """
    SELECT i.type, i.identity, d.description FROM pg_description d
    CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE i.schema = 'pgagent' OR i.identity LIKE '%pgagent.%' OR (i.type = 'schema' AND i.identity = 'pgagent')"""
STORAGE = "SELECT relname::text, reloptions FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace"
SOURCES = """
    SELECT oid::regprocedure::text, md5(prosrc), prosecdef, proconfig FROM pg_proc
    WHERE pronamespace = 'pgagent'::regnamespace"""
EXTENSION = "SELECT extversion FROM pg_extension WHERE extname = 'pgagent'"
IS_CONNECTED = """
    SELECT count(*) FROM pgagent.pga_jobagent a JOIN pg_stat_activity s ON s.pid = a.jagpid
    WHERE to_jsonb(a) ->> 'jaguuid' IS NULL"""


def install_pgagent(database):
    """The extension; on servers that have none the same tables without it, from the extension's own script."""
    try:
        database.execute("CREATE EXTENSION pgagent")
    except psycopg2.Error:
        scripts = glob.glob("/usr/share/postgresql/*/extension/pgagent--4.2.sql")
        if not scripts:
            pytest.skip("pgagent is not installed")
        with open(scripts[0], encoding="utf-8") as file:
            database.execute("CREATE SCHEMA pgagent;" + re.sub(r"SELECT pg_catalog\.pg_extension_config_dump.*", "", file.read()))


def extension_of(database):
    return database.value(EXTENSION)


def needs_extension(database):
    if extension_of(database) is None:
        pytest.skip("this server has no pgagent extension")


@pytest.fixture
def make_empty(cluster):
    """Makes empty databases."""
    made = []

    def make():
        made.append(Database.create(cluster, f"adopting{next(numbers)}"))
        return made[-1]

    yield make
    for database in made:
        database.drop()


@pytest.fixture
def stock(make_empty):
    """A database with a pgAgent."""
    database = make_empty()
    install_pgagent(database)
    return database


@pytest.fixture
def stock_jobs(stock):
    """Makes jobs in `stock`, without steps."""
    return Jobs(stock)


@pytest.fixture
def adopt(pgalmanac, cluster, request):
    """Runs setup on `stock`; gives what it printed (of --json: parsed), of a refusal the error."""
    def run(*options, database=None, code=0, user=None):
        name = (database or request.getfixturevalue("stock")).name
        done = pgalmanac("setup", "-d", cluster.conninfo(name, user), *options)
        assert done.returncode == code, done.stdout + done.stderr
        if code != 0:
            return done.stderr
        return json.loads(done.stdout) if "--json" in options else done.stdout
    return run


@contextmanager
def stock_agent(database, user=None):
    """Debian's pgagent, which is killed at the end; its connection is then gone."""
    with PgAgent(database, user) as agent:
        yield agent
    wait_until(lambda: not database.value(IS_CONNECTED), "pgAgent's connection is gone")


def dump(database):
    """As pg_dump writes it, without the random word that newer versions put in; skips servers that are too new for it."""
    done = subprocess.run(["pg_dump", "-d", database.conninfo], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, env=clean_environment(), **popen_user())
    if "server version mismatch" in done.stderr:
        pytest.skip("the server is newer than pg_dump")
    assert done.returncode == 0, done.stderr
    return "\n".join(line for line in done.stdout.split("\n") if not line.startswith(("\\restrict", "\\unrestrict")))


def restore(text, database):
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.conninfo], check=True, input=text, text=True,
                   stdout=subprocess.DEVNULL, env=clean_environment(), **popen_user())


def catalogs(database):
    """All that defines the schema."""
    found = {kind: sorted(database.query(query)) for kind, query in QUERIES.items()}
    found["comments"] = sorted(database.query(COMMENTS))
    found["storage"] = sorted(database.query(STORAGE), key=str)
    found["sources"] = sorted(database.query(SOURCES), key=str)
    return found


def everything(database):
    """That, its extension, and what people and programs have put in."""
    rows = {table: database.query(f"SELECT t::text FROM pgagent.{table} t ORDER BY 1") for table in TABLES}
    sequences = [database.query(f"SELECT last_value, is_called FROM {name}") for name, in database.query(
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'pgagent'::regnamespace AND relkind = 'S' ORDER BY 1")]
    return catalogs(database), extension_of(database), rows, sequences


def add_step(database, job, code):
    """Of stock columns only."""
    return database.value("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname)"
                          " VALUES (%s, 'step', 's', %s, %s) RETURNING jstid", job, code, database.name)


@contextmanager
def without_triggers(database, table):
    database.execute(f"ALTER TABLE pgagent.{table} DISABLE TRIGGER USER")
    yield
    database.execute(f"ALTER TABLE pgagent.{table} ENABLE TRIGGER USER")


def set_by_force(database, job, **columns):
    """As if it had happened: pgAgent's trigger does not see it. Values are SQL."""
    with without_triggers(database, "pga_job"):
        for column, value in columns.items():
            database.execute(f"UPDATE pgagent.pga_job SET {column} = {value} WHERE jobid = %s", job)


def report_of(said, job):
    """What --json says of a job."""
    return next(row for row in said["adopted"]["jobs"] if row["jobid"] == job)


def detach(database):
    """The extension goes, its objects stay: as plain SQL would have made them."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT i.type, i.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i"
                       " WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgagent')")
        for kind, name in cursor.fetchall():
            cursor.execute(f"ALTER EXTENSION pgagent DROP {kind} {name}")
        cursor.execute("DROP EXTENSION IF EXISTS pgagent")
