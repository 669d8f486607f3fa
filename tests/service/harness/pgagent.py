# SPDX-License-Identifier: PostgreSQL
"""Debian's pgagent: the program that we come after, and that people can go back to."""
import os
import subprocess
import tempfile

import pytest

from harness.users import clean_environment, give_away, popen_user
from harness.waiting import wait_until

PROGRAM = "/usr/bin/pgagent"

needs_pgagent = pytest.mark.skipif(not os.path.exists(PROGRAM), reason="pgagent is not installed")

# The row has no uuid, or is of tables without that column.
IS_REGISTERED = """
    SELECT a.jagpid FROM pgagent.pga_jobagent a JOIN pg_stat_activity s ON s.pid = a.jagpid
    WHERE to_jsonb(a) ->> 'jaguuid' IS NULL AND s.usename = coalesce(%s, s.usename)"""


class PgAgent:
    """It looks every second and works on any tables of its shape. finish() in the test's own clean-up."""

    def __init__(self, database, user=None):
        self.name = "pgagent"
        self.directory = tempfile.mkdtemp(prefix="pgagent-", dir=database.cluster.directory)
        give_away(self.directory)
        self.log_path = os.path.join(self.directory, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-f", "-t", "1", "-l", "2", database.cluster.conninfo(database.name, user)], cwd=self.directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment(), **popen_user())
        self.pid = self.process.pid
        try:
            wait_until(lambda: self._is_registered(database, user), "pgAgent is registered", self)
        except BaseException:
            self.kill()
            raise

    def _is_registered(self, database, user):
        assert self.process.poll() is None, f"pgAgent ended:\n{self.log()}"
        return database.value(IS_REGISTERED, user)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def terminate(self):
        """As systemd stops it: it has no handler and ends at once, its row and its runs stay."""
        self.process.terminate()
        self.process.wait(timeout=60)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        if self.process.poll() is None:
            self.kill()
