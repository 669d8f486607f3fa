# SPDX-License-Identifier: PostgreSQL
"""SQL steps: what the server says, and what a step leaves behind."""
import pytest

from harness.jobs import sql


def run_one(jobs, agent, code, **more):
    """(status, result, output, sqlstate) of a step that runs alone."""
    job = jobs.job("one step", sql(code, **more))
    return jobs.run(job, agent)[2][-1][:4]


@pytest.mark.core
def test_notices_tags_and_rows(jobs, agent):
    status, result, output, sqlstate = run_one(
        jobs, agent(), "CREATE TEMP TABLE t (x int); INSERT INTO t VALUES (1), (2), (3);"
        "DROP TABLE IF EXISTS nothing; UPDATE t SET x = 0 WHERE x > 1")
    assert (status, result, sqlstate) == ("s", 2, None)
    assert output.splitlines() == ["CREATE TABLE", "INSERT 0 3", 'NOTICE:  table "nothing" does not exist, skipping',
                                   "DROP TABLE", "UPDATE 2"]


@pytest.mark.core
def test_an_error_in_full(jobs, agent):
    status, result, output, sqlstate = run_one(
        jobs, agent(), "DO $x$ BEGIN RAISE EXCEPTION 'broken' USING DETAIL = 'a wheel', HINT = 'mend it',"
        " ERRCODE = 'PX001'; END $x$")
    assert (status, result, sqlstate) == ("f", -1, "PX001")
    lines = output.splitlines()
    assert lines[0] == "ERROR:  broken"
    assert "SQLSTATE:  PX001" in lines and "DETAIL:  a wheel" in lines and "HINT:  mend it" in lines
    assert any(line.startswith("CONTEXT:  PL/pgSQL function inline_code_block line 1") for line in lines)


def test_the_position_of_an_error(jobs, agent):
    output = run_one(jobs, agent(), "SELECT 1; SELEC 2")[2]
    assert "POSITION:  11" in output.splitlines()


def test_statements_are_one_transaction(jobs, agent, installed):
    assert run_one(jobs, agent(), "CREATE TABLE gone (); SELECT 1/0")[0] == "f"
    assert installed.value("SELECT to_regclass('gone')") is None


def test_a_lone_vacuum(jobs, agent):
    assert run_one(jobs, agent(), "VACUUM")[:3] == ("s", 0, "VACUUM")


def test_explicit_transactions(jobs, agent, installed):
    one = agent()
    assert run_one(jobs, one, "BEGIN; CREATE TABLE kept (); COMMIT; SELECT 1/0")[0] == "f"
    assert installed.value("SELECT to_regclass('kept')") is not None
    status, _, output, _ = run_one(jobs, one, "BEGIN; CREATE TABLE lost ()")
    assert status == "f" and "left a transaction open" in output
    assert installed.value("SELECT to_regclass('lost')") is None


@pytest.mark.parametrize("code", ["COPY pg_class TO STDOUT", "CREATE TEMP TABLE c (); COPY c FROM STDIN"])
def test_copy_is_a_clear_error(jobs, agent, code):
    one = agent()
    status, _, output, _ = run_one(jobs, one, code)
    assert status == "f" and "COPY" in output
    assert run_one(jobs, one, "SELECT 1")[0] == "s"


def test_nothing_of_a_step_reaches_the_next(jobs, agent, installed):
    """Settings, temporary tables, locks, LISTEN, prepared statements of a pooled connection."""
    one = agent()
    first = "SELECT set_config('work_mem', '77MB', false), pg_backend_pid(); CREATE TEMP TABLE t (); LISTEN x;" \
            "PREPARE p AS SELECT 1; SELECT pg_advisory_lock(7)"
    look = "DO $x$ BEGIN RAISE NOTICE '% % % % %', current_setting('work_mem'), to_regclass('t')," \
           "(SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_prepared_statements)," \
           "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'); END $x$"
    job = jobs.job("two", sql(first), sql(look))
    status, _, steps = jobs.run(job, one)
    assert status == "s"
    assert steps[1][2].splitlines()[0] == "NOTICE:  4MB <NULL> 0 0 0"


def test_a_large_result_and_much_talk(jobs, agent):
    one = agent("--output-limit", "4096")
    assert run_one(jobs, one, "SELECT repeat('x', 1000) FROM generate_series(1, 200000)")[1] == 200000
    status, _, output, _ = run_one(
        jobs, one, "DO $x$ BEGIN FOR i IN 1..1000 LOOP RAISE NOTICE 'line %', i; END LOOP; END $x$")
    assert status == "s" and len(output.encode()) < 5000
    assert output.startswith("NOTICE:  line 1\n") and output.endswith("NOTICE:  line 1000\nDO")
    assert "bytes left out" in output


def test_an_empty_step(jobs, agent):
    assert run_one(jobs, agent(), "")[:2] == ("s", 0)


# Where it cannot start

def test_a_database_that_does_not_exist(jobs, agent):
    status, result, output, _ = run_one(jobs, agent(), "SELECT 1", dbname="nowhere")
    assert (status, result) == ("f", -1)
    assert output.startswith("ERROR:  could not start step: ") and 'database "nowhere"' in output


def test_a_server_that_is_not_there(jobs, agent):
    status, _, output, _ = run_one(jobs, agent(), "SELECT 1", connstr="host=127.0.0.1 port=1 dbname=x password=geheim")
    assert status == "f" and "could not start step" in output and "port 1" in output.replace('"', "")
    assert "geheim" not in output


def test_a_connection_string_that_cannot_be_read(jobs, agent):
    one = agent()
    status, _, output, _ = run_one(jobs, one, "SELECT 1", connstr="password=geheim hots=x")
    assert status == "f" and "could not start step" in output and "geheim" not in output
    assert "geheim" not in one.log()


def test_a_connection_string_to_another_database(jobs, agent, cluster):
    assert run_one(jobs, agent(), "SELECT 1", connstr=cluster.conninfo("template1"))[0] == "s"
