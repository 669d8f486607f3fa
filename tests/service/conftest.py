# SPDX-License-Identifier: PostgreSQL
"""Fixtures of the service tests.

    PGALMANAC_BUILDDIR=/tmp/build /usr/bin/python3 -m pytest tests/service -k NAME

PG_BINDIR chooses the server (default: the newest in /usr/lib/postgresql), PGALMANAC_VALGRIND=1 runs
the agents under valgrind, PGALMANAC_PROGRAM_ONLY=1 leaves out the tests that never start our program or are
mainly of what the server does."""
import itertools
import os
import shutil
import signal
import sys
import tempfile

import psycopg2.extensions
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import Agent, Cluster, Database  # noqa: E402
from harness.database import install  # noqa: E402
from harness.diagnosis import activity_of, stack_of  # noqa: E402
from harness.jobs import Jobs  # noqa: E402
from harness.program import copy_program, run  # noqa: E402
from harness.systemd import Systemd  # noqa: E402
from harness.users import give_away  # noqa: E402
from harness.waiting import wait_for_answer  # noqa: E402

TEMPLATE = "almanac_template"
numbers = itertools.count(1)


def pytest_configure(config):
    # Whoever ends us by SIGTERM (timeout) leaves no servers behind: the fixtures are taken down as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    psycopg2.extensions.set_wait_callback(wait_for_answer)
    config.addinivalue_line("markers", "core: the selection that also runs on the oldest and newest server")
    config.addinivalue_line("markers", "mainly_sql: of what the server does, although our program begins it; not with sanitizers")


def pytest_collection_modifyitems(config, items):
    if os.environ.get("PGALMANAC_PROGRAM_ONLY"):
        kept = [item for item in items if "program" in item.fixturenames and not item.get_closest_marker("mainly_sql")]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Lets fixtures see whether the test itself has failed."""
    report = (yield).get_result()
    if report.when == "call":
        item.has_failed = report.failed


@pytest.fixture(scope="session")
def directory():
    """A short directory that belongs to the server's user (tmp_path's name is too long for sockets)."""
    path = tempfile.mkdtemp(prefix="pga-", dir="/tmp")
    os.chmod(path, 0o755)
    give_away(path)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def program(directory):
    return copy_program(directory)


@pytest.fixture
def pgalmanac(program):
    """Runs a command to its end: pgalmanac("setup", "-d", conninfo).returncode, .stdout, .stderr"""
    return lambda *words, **more: run(program, *words, **more)


@pytest.fixture(scope="session")
def cluster(directory):
    """The server that most tests share."""
    server = Cluster(os.path.join(directory, "main")).start()
    yield server
    server.end()


@pytest.fixture
def make_cluster(directory):
    """Makes servers for tests that stop them or need settings of their own; see Cluster."""
    made = []

    def make(**arguments):
        made.append(Cluster(os.path.join(directory, f"c{next(numbers)}"), **arguments))
        return made[-1]

    yield make
    for server in made:
        server.end()
        print(f"--- log of the server in {server.directory} ---\n{server.log()}")
        shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture
def database(cluster):
    """A fresh empty database."""
    made = Database.create(cluster, f"empty{next(numbers)}")
    yield made
    made.drop()


@pytest.fixture(scope="session")
def template(cluster):
    """A database with the tables, to copy from."""
    made = Database.create(cluster, TEMPLATE)
    install(made.connect())
    return TEMPLATE


@pytest.fixture
def installed(cluster, template):
    """A fresh database with the tables of sql/schema."""
    made = Database.create(cluster, f"almanac{next(numbers)}", template)
    yield made
    made.drop()


@pytest.fixture
def jobs(installed):
    """Makes jobs in `installed`."""
    return Jobs(installed)


@pytest.fixture
def systemd(directory):
    """Hears what agents tell it that have its `environment`."""
    listener = Systemd(directory)
    yield listener
    listener.close()


@pytest.fixture
def agent(request, program):
    """Starts agents: agent("--grace", "5") on `installed`, waiting until it is registered there.

    conninfo: another place; ready=False: do not wait; name: its --name; environment, valgrind: see Agent.
    At the end of the test each must end cleanly when asked, unless the test killed or awaited it."""
    started = []
    home = request.getfixturevalue("installed")

    def start(*options, conninfo=None, database=home, ready=True, name=None, **more):
        name = name or f"agent{len(started) + 1}"
        where = database.conninfo if conninfo is None else conninfo
        started.append(Agent(program, where, *options, name=name, **more))
        return started[-1].wait_until_ready(database) if ready else started[-1]

    yield start
    for one in started:
        print(f"--- log of {one.name} ---\n{one.log()}")
    if getattr(request.node, "has_failed", False):
        for one in started:
            if one.is_running():
                print(stack_of(one.pid))
        print(activity_of(home.cluster))
    unfinished = []
    for one in started:
        try:
            one.finish()
        except AssertionError as error:  # the others are to end nevertheless
            unfinished.append(str(error))
    assert not unfinished, "\n".join(unfinished)
