# SPDX-License-Identifier: PostgreSQL
"""A throw-away PostgreSQL server in a directory of its own."""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
from contextlib import suppress

import psycopg2
from psycopg2.extensions import make_dsn

from harness.memory import make_folder
from harness.users import clean_environment, give_away, popen_user

LIMIT = 180  # seconds for one of its programs, which themselves give up after 120

# Speed over safety, and nothing that depends on the machine.
DEFAULTS = {
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %a ",
    "max_connections": "100",
}


def default_bindir():
    """PG_BINDIR, else the newest server of Debian's packages."""
    if "PG_BINDIR" in os.environ:
        return os.environ["PG_BINDIR"]
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if not found:
        raise RuntimeError("no PostgreSQL server in /usr/lib/postgresql; set PG_BINDIR")
    return os.path.dirname(max(found, key=lambda path: float(path.split("/")[4])))


def is_fast(settings):
    """Its data may lie in memory."""
    return {**DEFAULTS, **settings}["fsync"] == "off"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """Made and stopped; start() runs it. Superuser postgres, by a socket in `directory`, without password.

    `directory` must be short (the name of a socket has room for 107 bytes) and is made if missing.
    `listen`: also on 127.0.0.1, on a free port. `settings`: lines of postgresql.conf by name.
    `environment`: added to the server's (FakeTime). `standby_of`: a running one, which it follows."""

    def __init__(self, directory, bindir=None, listen=False, environment=None, standby_of=None, **settings):
        self.bindir = bindir or default_bindir()
        self.directory = str(directory)
        self.folder = make_folder(self.directory) if is_fast(settings) else self.directory
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.directory, "server.log")
        self.environment = environment or {}
        self.listens = listen
        self.port = free_port() if listen else 5432
        self.host = self.directory
        self.running = False
        os.makedirs(self.directory, exist_ok=True)
        give_away(self.directory)
        give_away(self.folder)
        if standby_of:
            self.run("pg_basebackup", "--no-sync", "--checkpoint=fast", "--write-recovery-conf", "-D", self.data,
                     "-d", standby_of.conninfo(""))
        else:
            self.run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8",
                     "--no-locale", "-D", self.data)
        self.configure(port=self.port, unix_socket_directories=self.directory,
                       listen_addresses="127.0.0.1" if listen else "", **{**DEFAULTS, **settings})

    @property
    def version(self):
        """The major version: 15."""
        with open(os.path.join(self.data, "PG_VERSION"), encoding="ascii") as file:
            return int(file.read())

    def configure(self, **settings):
        """Appends to postgresql.conf; the server reads it when it starts, or by reload()."""
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            for name, value in settings.items():
                text = str(value).replace("'", "''")
                file.write(f"{name} = '{text}'\n")

    def start(self):
        """Somebody else may have taken the port since it was chosen: another one then, at the first start."""
        tries = 4 if self.listens and not os.path.exists(self.log_path) else 0
        for _ in range(tries):
            try:
                return self._start()
            except RuntimeError:
                self.port = free_port()
                self.configure(port=self.port)
        return self._start()

    def _start(self):
        self.run("pg_ctl", "start", "-w", "-t", "120", "-s", "-D", self.data, "-l", self.log_path)
        self.running = True
        return self

    def stop(self, mode="fast"):
        """mode: smart, fast or immediate (as a crash)."""
        if self.running:
            self.run("pg_ctl", "stop", "-w", "-t", "120", "-s", "-D", self.data, "-m", mode)
            self.running = False

    def end(self):
        """After a test: it goes, whatever state it is in."""
        try:
            self.stop("immediate")
        except RuntimeError as error:
            print(error)
        self.kill()
        if self.folder != self.directory:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        """The server and its sessions, if it did not stop."""
        try:
            with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as file:
                pid = int(file.readline())
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                sessions = [int(word) for word in file.read().split()]
        except (FileNotFoundError, ValueError):
            return
        for process in (pid, *sessions):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.running = False

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def follow(self, primary):
        """A former primary, which is stopped, comes back as a standby of its successor."""
        self.configure(primary_conninfo=primary.conninfo(""))
        with open(os.path.join(self.data, "standby.signal"), "w", encoding="ascii"):
            pass
        give_away(os.path.join(self.data, "standby.signal"))
        return self.start()

    def promote(self):
        """A standby becomes a primary; its former one is to be stopped before."""
        self.run("pg_ctl", "promote", "-w", "-t", "120", "-s", "-D", self.data)

    def reload(self):
        self.run("pg_ctl", "reload", "-s", "-D", self.data)

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def conninfo(self, dbname="postgres", user=None, **more):
        return make_dsn(host=self.host, port=self.port, dbname=dbname, user=user or "postgres", **more)

    def connect(self, dbname="postgres", user=None, autocommit=True):
        connection = psycopg2.connect(self.conninfo(dbname, user))
        connection.autocommit = autocommit
        return connection

    def run(self, program, *arguments):
        """The output goes to a file: the server inherits it, so a pipe would never end."""
        path = os.path.join(self.directory, program + ".out")
        with open(path, "w+", encoding="utf-8") as output:
            try:
                code = subprocess.call([os.path.join(self.bindir, program), *arguments],
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=LIMIT,
                                       cwd=self.directory, env=clean_environment(self.environment),
                                       **popen_user())
            except subprocess.TimeoutExpired:
                code = f"no end within {LIMIT} s"
            output.seek(0)
            said = re.sub(r"\n+", "\n", output.read())
        if code != 0:
            raise RuntimeError(f"{program} failed ({code}):\n{said}\n{self.log()}")
