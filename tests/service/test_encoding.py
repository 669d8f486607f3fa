# SPDX-License-Identifier: PostgreSQL
"""Databases that are not UTF-8."""
from contextlib import closing

import pytest

from harness import Database
from harness.database import install
from harness.jobs import Jobs, batch, sql


@pytest.fixture
def latin(cluster):
    with closing(cluster.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    made = Database(cluster, "latin")
    install(made.connect())
    yield made
    made.drop()


def test_a_database_in_latin1(latin, agent):
    """What its encoding cannot hold is written as question marks; nothing stays open."""
    jobs = Jobs(latin)
    one = agent(database=latin)
    job = jobs.job("gr\u00fcn", sql("SELECT 1"), batch("echo 'gr\u00fcn'"), batch("printf 'a \\342\\206\\222 b'"))
    status, _, steps = jobs.run(job, one)
    assert (status, [step[:3] for step in steps]) == (
        "s", [("s", 1, "SELECT 1"), ("s", 0, "gr\u00fcn"), ("s", 0, "a ? b")])
