# SPDX-License-Identifier: PostgreSQL
"""pgalmanac setup: what it installs, leaves alone and refuses."""
import json
import os
from contextlib import closing

import pytest

from harness.database import TOP, schema_files
from harness.program import start

pytestmark = pytest.mark.core

LATEST = len(schema_files())
VERSION = "SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'schema_version'"
ZONE = "SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone'"
# Every object of the schema, with what defines it.
CATALOG = """
    SELECT 'relation', c.relname::text, c.relkind::text, c.relowner::regrole::text FROM pg_class c
    WHERE c.relnamespace = 'pgagent'::regnamespace
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, md5(p.prosrc), p.proowner::regrole::text FROM pg_proc p
    WHERE p.pronamespace = 'pgagent'::regnamespace
    ORDER BY 1, 2"""


@pytest.fixture
def setup(pgalmanac, database):
    """Runs setup on the empty database; `code` is the exit code that the test expects."""
    def run(*options, code=0, conninfo=None, **more):
        done = pgalmanac("setup", "-d", conninfo or database.conninfo, *options, **more)
        assert done.returncode == code, done.stdout + done.stderr
        return done
    return run


def test_fresh_installation(setup, database):
    said = setup().stdout
    for _, path in schema_files():
        assert f"installed {os.path.basename(path)}\n" in said
    assert "time zone UTC (the server's)" in said
    assert database.value(VERSION) == str(LATEST)
    assert database.value(ZONE) == "UTC"
    assert database.value("SELECT has_table_privilege('pgagent.pga_job', 'INSERT, SELECT, UPDATE')")


def test_again_changes_nothing(setup, database):
    setup("--timezone", "Europe/Berlin")
    before = database.query(CATALOG)
    assert "nothing to install" in setup().stdout
    assert database.query(CATALOG) == before
    assert database.value(ZONE) == "Europe/Berlin"


def test_upgrade_installs_what_is_missing(setup, database):
    """As an older program would have left it: only the first file is there."""
    with open(schema_files()[0][1], encoding="utf-8") as file:
        database.execute(file.read())
    database.execute("INSERT INTO pgagent.pga_setting (setname, setvalue) VALUES ('schema_version', '1')")
    done = json.loads(setup("--json").stdout)
    assert done == {"version": LATEST, "timezone": "UTC", "accepted": False,
                    "installed": [os.path.basename(path) for _, path in schema_files()[1:]]}
    assert database.value(VERSION) == str(LATEST)


def test_dry_run_changes_nothing_and_prints_what_would_run(setup, database, cluster):
    sql = setup("--dry-run", "--timezone", "Asia/Tokyo").stdout
    assert database.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgagent'") == 0
    database.execute(sql)  # what it printed is a script that works
    assert database.value(VERSION) == str(LATEST)
    assert database.value(ZONE) == "Asia/Tokyo"
    assert "nothing to do" in setup("--dry-run").stdout


def test_time_zone(setup, database):
    assert "time zone Australia/Lord_Howe (as asked for)" in setup("--timezone", "australia/lord_howe").stdout
    assert database.value(ZONE) == "Australia/Lord_Howe"
    assert "(as before)" in setup().stdout
    setup("--timezone", "America/Santiago")
    assert database.value(ZONE) == "America/Santiago"


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "localtime", "CET-1CEST", "", "posix/Europe/Berlin"])
def test_time_zone_that_is_no_name_is_refused_before_anything_changes(setup, database, zone):
    said = setup("--timezone", zone, code=2).stderr
    assert f'the time zone "{zone}" is no name' in said
    assert database.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgagent'") == 0


def test_own_environment_is_not_the_servers_time_zone(setup, database):
    setup(environment={"PGTZ": "Asia/Kolkata"})
    assert database.value(ZONE) == "UTC"


def test_servers_time_zone_of_no_use_must_be_named(setup, database):
    database.execute(f"ALTER DATABASE {database.name} SET timezone = '<+07>-07'")
    assert "choose one with --timezone" in setup(code=2).stderr
    setup("--timezone", "Asia/Bangkok")


@pytest.mark.parametrize("version, reason", [
    (str(LATEST + 1), "newer than version"), ("99999999999", "unknown version"), ("x", "unknown version")])
def test_other_versions_are_refused(setup, database, version, reason):
    setup()
    database.execute("UPDATE pgagent.pga_setting SET setvalue = %s WHERE setname = 'schema_version'", version)
    before = database.query(CATALOG)
    assert reason in setup(code=3).stderr
    assert reason in setup("--dry-run", code=3).stderr
    assert database.query(CATALOG) == before


def test_missing_version_is_refused(setup, database):
    setup()
    database.execute("DELETE FROM pgagent.pga_setting WHERE setname = 'schema_version'")
    assert "do not say their version" in setup(code=3).stderr


def test_tables_of_something_else_are_refused(setup, database):
    database.execute("CREATE SCHEMA pgagent; CREATE TABLE pgagent.pga_job (jobid serial PRIMARY KEY)")
    assert "not those of a pgAgent" in setup(code=3).stderr
    assert database.value("SELECT count(*) FROM pg_class WHERE relname = 'pga_setting'") == 0


def test_owner_without_superuser(setup, database, cluster):
    database.execute("CREATE ROLE plain_owner LOGIN")
    try:
        said = setup(conninfo=cluster.conninfo(database.name, "plain_owner"), code=3).stderr
        assert "permission denied" in said
        database.execute(f"GRANT CREATE ON DATABASE {database.name} TO plain_owner")
        setup(conninfo=cluster.conninfo(database.name, "plain_owner"))
        assert {row[3] for row in database.query(CATALOG)} == {"plain_owner"}
        setup(conninfo=cluster.conninfo(database.name, "plain_owner"))
    finally:
        database.execute("DROP OWNED BY plain_owner; DROP ROLE plain_owner")


def test_file_that_fails_leaves_those_before_it(setup, database):
    """The second file cannot create its table; the first one stays, and a later setup goes on from it."""
    database.execute("CREATE SCHEMA pgagent; CREATE SEQUENCE pgagent.pga_jobagent")
    assert "could not install 0002" in setup(code=3).stderr
    assert database.value(VERSION) == "1"
    database.execute("DROP SEQUENCE pgagent.pga_jobagent")
    setup()
    assert database.value(VERSION) == str(LATEST)


def test_two_at_once(program, database):
    both = [start(program, "setup", "-d", database.conninfo, "--json") for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    installed = sorted(len(json.loads(out)["installed"]) for out, _ in answers)
    assert installed == [0, LATEST]


def test_connection_from_the_environment_and_from_the_configuration_file(pgalmanac, database, directory):
    cluster = database.cluster
    place = {"PGHOST": cluster.host, "PGPORT": str(cluster.port), "PGUSER": "postgres", "PGDATABASE": database.name}
    assert pgalmanac("setup", environment=place).returncode == 0
    path = os.path.join(directory, "pgalmanac.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"conninfo = {database.conninfo}\n")
    done = pgalmanac("setup", "--config", path)
    assert "nothing to install" in done.stdout, done.stderr


def test_wrong_words_and_no_server(pgalmanac, database):
    assert pgalmanac("setup", "--nonsense").returncode == 1
    assert pgalmanac("setup", "-d", database.conninfo, "more").returncode == 1
    assert pgalmanac("setup", "-d", "host=/nowhere").returncode == 3
    assert pgalmanac("setup", "--help").returncode == 0


@pytest.mark.parametrize("conninfo", ["host=/nowhere password=geheim", "passwort=geheim", "password='geheim",
                                      "postgresql://me:geheim@127.0.0.1:1/x", "postgresql://me:geheim@[::1/x",
                                      "geheim geheim=", "user=x password = geheim geheim"])
def test_passwords_are_not_shown(pgalmanac, conninfo):
    done = pgalmanac("setup", "-d", conninfo)
    assert done.returncode in (1, 3)
    assert "geheim" not in done.stdout + done.stderr


def test_schema_files_do_without_psql():
    for _, path in schema_files():
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        assert not [line for line in lines if line.startswith("\\")], path
    assert [number for number, _ in schema_files()] == list(range(1, LATEST + 1))
    assert os.path.isdir(os.path.join(TOP, "sql", "query"))


def test_backslashes_are_read_alike_in_an_old_database(setup, database):
    """standard_conforming_strings = off, as before PostgreSQL 9.1: literals, also those in functions, mean the same."""
    database.execute(f"ALTER DATABASE {database.name} SET standard_conforming_strings = off")
    setup()
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW standard_conforming_strings")
        assert cursor.fetchone() == ("off",)
        cursor.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobdesc) VALUES (1, 'old', %s)",
                       ("@timeout 1h30m\n@rule 0  9 * * *\n@rule DTSTART:20260105T090000 RRULE:FREQ=DAILY\n@rule @every 2h",))
        cursor.execute("SELECT rulkind, rultext, rulperiod::text FROM pgagent.pga_rule ORDER BY rulid")
        assert cursor.fetchall() == [("cron", "0 9 * * *", None), ("ical", "DTSTART:20260105T090000\nRRULE:FREQ=DAILY", None),
                                     ("every", None, "02:00:00")]
        cursor.execute("SELECT jobtimeout::text FROM pgagent.pga_job")
        assert cursor.fetchone() == ("01:30:00",)
    setup("--release")
