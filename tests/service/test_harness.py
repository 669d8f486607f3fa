# SPDX-License-Identifier: PostgreSQL
"""The fixtures themselves: a server that starts, stops and restarts, and fresh databases."""
from contextlib import closing

import psycopg2
import pytest

from harness import FakeTime


def test_database_is_fresh(database):
    database.execute("CREATE TABLE t (a int)")
    assert database.execute("INSERT INTO t VALUES (1), (%s)", 2) == 2
    assert database.query("SELECT a FROM t ORDER BY a") == [(1,), (2,)]
    assert database.value("SELECT a FROM t WHERE a = 3") is None


def test_server_restarts(make_cluster):
    cluster = make_cluster(max_connections=11, listen=True).start()
    cluster.restart("immediate")
    with closing(cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        assert cursor.fetchone() == ("11",)
    cluster.stop()
    with pytest.raises(psycopg2.OperationalError):
        cluster.connect()


def test_server_with_a_clock_of_its_own(make_cluster, directory):
    clock = FakeTime(directory, "@2031-01-02 03:04:05")
    cluster = make_cluster(environment=clock.environment).start()
    with closing(cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT extract(year FROM now())::int")
        assert cursor.fetchone() == (2031,)
        clock.set("@2041-01-02 03:04:05")
        cursor.execute("SELECT extract(year FROM clock_timestamp())::int")
        assert cursor.fetchone() == (2041,)
