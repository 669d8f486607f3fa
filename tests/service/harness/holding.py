# SPDX-License-Identifier: PostgreSQL
"""Steps that go on until the test lets them end."""
import itertools
import os
import tempfile
from contextlib import closing

from harness.jobs import batch, sql
from harness.users import give_away


locks = itertools.count(1)


class HeldSql:
    """`step` waits in the server of that database for as long as nobody calls release(). Each has a lock of its own:
    a test that has failed may hold its lock for long, as pytest keeps its variables."""

    def __init__(self, database, **more):
        lock = next(locks)
        self.step = sql(f"SELECT pg_advisory_lock({lock}); SELECT pg_advisory_unlock({lock})", dbname=database.name, **more)
        self._holder = database.connect()
        with self._holder.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_lock({lock})")

    def release(self):
        self._holder.close()


class HeldBatch:
    """`step` prints its process id into a file, and "done" when it is let go."""

    def __init__(self, directory, **more):
        self.directory = tempfile.mkdtemp(prefix="held-", dir=directory)
        give_away(self.directory)
        self.step = batch(f"echo $$ > {self.directory}/pid; mv {self.directory}/pid {self.directory}/started;"
                          f" while [ -d {self.directory} ] && [ ! -e {self.directory}/go ]; do sleep 0.05; done; echo done", **more)

    def release(self):
        with closing(open(os.path.join(self.directory, "go"), "w", encoding="ascii")):
            pass

    def has_started(self):
        return os.path.exists(os.path.join(self.directory, "started"))

    def is_alive(self):
        with open(os.path.join(self.directory, "started"), encoding="ascii") as file:
            return os.path.exists(f"/proc/{file.read().strip()}")
