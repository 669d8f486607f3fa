# SPDX-License-Identifier: PostgreSQL
"""The program under test, as a process."""
import os
import signal
import subprocess
import tempfile

from harness.users import clean_environment, give_away, popen_user
from harness.waiting import wait_until

VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
SANITIZER_SIGNS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", ": runtime error: ",
                   "== Invalid read", "== Invalid write", "definitely lost")


class Agent:
    """`pgalmanac -f OPTIONS CONNINFO` with its log in a file."""

    def __init__(self, program, conninfo, *options, name="agent", environment=None, valgrind=None):
        if valgrind is None:
            valgrind = bool(os.environ.get("PGALMANAC_VALGRIND"))
        self.program = program
        self.name = name
        self.conninfo = conninfo
        self.directory = tempfile.mkdtemp(prefix=name + "-", dir=os.path.dirname(program))
        give_away(self.directory)
        self.log_path = os.path.join(self.directory, "log")
        self.was_killed = False
        self.was_awaited = False
        command = [*(VALGRIND if valgrind else []), program, "-f", "--name", name, *options]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*command, *([conninfo] if conninfo else [])], cwd=self.directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=clean_environment({"HOME": self.directory, **(environment or {})}),
                **popen_user())

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for_log(self, text):
        wait_until(lambda: text in self.log() or not self.is_running(), f"log says {text!r}", self)
        assert text in self.log(), f"{self.name} ended without saying {text!r}:\n{self.log()}"

    def wait_until_ready(self, database):
        """Until it is registered in the tables of that database."""
        def is_registered():
            assert self.is_running(), f"{self.name} ended:\n{self.log()}"
            return database.value("SELECT true FROM pgagent.pga_jobagent WHERE jagname = %s", self.name)
        wait_until(is_registered, f"{self.name} is registered", self)
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def terminate(self):
        """Asks it to end (SIGTERM) and gives its exit code."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        """Ends it as a crash would."""
        self.was_killed = True
        self.process.kill()
        self.process.wait(timeout=60)

    def wait(self):
        """Until it has ended; gives its exit code, which is then the test's to judge."""
        self.was_awaited = True
        wait_until(lambda: not self.is_running(), f"{self.name} ends", self, limit=120)
        return self.process.returncode

    def finish(self):
        """At the end of a test: it still runs, and ends with 0 and without complaints when asked to;
        unless the test has killed or awaited it."""
        ended_before = self.was_killed or self.was_awaited
        try:
            code = self.terminate()
        finally:
            if self.is_running():
                self.kill()
        signs = [sign for sign in SANITIZER_SIGNS if sign in self.log()]
        assert not signs, f"{self.name}: {signs}\n{self.log()}"
        assert ended_before or code == 0, f"{self.name} ended with {code}:\n{self.log()}"
