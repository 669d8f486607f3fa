# SPDX-License-Identifier: PostgreSQL
"""pgAlmanac and Debian's real pgAgent on one server, each with its own database and the same jobs."""
import os
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "service"))

from harness import Cluster, Database, wait_until  # noqa: E402
from harness.agent import Agent  # noqa: E402
from harness.database import install  # noqa: E402
from harness.program import copy_program  # noqa: E402
from harness.users import clean_environment, give_away, popen_user  # noqa: E402


class Peers:
    """`with Peers(max_connections=50) as peers`: .ours and .pgagent are databases whose agents run."""

    def __init__(self, **settings):
        self.directory = tempfile.mkdtemp(prefix="pgab-", dir="/tmp")
        os.chmod(self.directory, 0o755)
        give_away(self.directory)
        # Commits wait for the disk as they do in earnest.
        self.cluster = Cluster(os.path.join(self.directory, "pg"), fsync="on", full_page_writes="on", **settings)

    def __enter__(self):
        self.cluster.start()
        self.ours = Database.create(self.cluster, "ours")
        install(self.ours.connect())
        self.pgagent = Database.create(self.cluster, "pgagent")
        self.pgagent.execute("CREATE EXTENSION pgagent")
        self.our_agent = Agent(copy_program(self.directory), self.ours.conninfo, name="bench")
        self.our_agent.wait_until_ready(self.ours)
        self.their_agent = subprocess.Popen(
            ["pgagent", "-f", self.pgagent.conninfo], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd=self.directory, env=clean_environment({"HOME": self.directory}),
            **popen_user())
        wait_until(lambda: self.pgagent.value("SELECT count(*) FROM pgagent.pga_jobagent"), "pgAgent is registered")
        return self

    def __exit__(self, *_):
        self.our_agent.terminate()
        self.their_agent.terminate()
        self.their_agent.wait()
        self.cluster.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    def both(self):
        return (("pgAlmanac", self.ours), ("pgAgent", self.pgagent))


def make_job(database, name, code):
    """A job of one SQL step in its own database, without a schedule."""
    job = database.value("INSERT INTO pgagent.pga_job (jobjclid, jobname, jobenabled) VALUES (1, %s, true)"
                         " RETURNING jobid", name)
    database.execute("INSERT INTO pgagent.pga_jobstep (jstjobid, jstname, jstkind, jstcode, jstdbname)"
                     " VALUES (%s, 'step', 's', %s, %s)", job, code, database.name)
    return job


def make_due(database, job, at):
    """Due at an instant of the database's clock."""
    database.execute("UPDATE pgagent.pga_job SET jobnextrun = %s::timestamptz WHERE jobid = %s", at, job)
