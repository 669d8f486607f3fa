# SPDX-License-Identifier: PostgreSQL
"""pgbouncer before a server, on a socket."""
import os
import signal
import subprocess

from harness.users import clean_environment, give_away, popen_user
from harness.waiting import wait_until

PROGRAM = "/usr/sbin/pgbouncer"


class Pgbouncer:
    """`directory` must be short and is made; settings: lines of its configuration by name."""

    def __init__(self, directory, cluster, **settings):
        self.directory = str(directory)
        os.makedirs(self.directory)
        give_away(self.directory)
        lines = {"listen_port": 6432, "unix_socket_dir": self.directory, "auth_type": "any", "pool_mode": "transaction",
                 "logfile": f"{self.directory}/log", "pidfile": f"{self.directory}/pid", **settings}
        path = os.path.join(self.directory, "ini")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"[databases]\n* = host={cluster.host} port={cluster.port} user=postgres\n[pgbouncer]\n")
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())
        give_away(path)
        self.process = subprocess.Popen([PROGRAM, "-q", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env=clean_environment(), **popen_user())
        wait_until(lambda: os.path.exists(f"{self.directory}/.s.PGSQL.6432"), "pgbouncer listens")

    def conninfo(self, dbname):
        return f"host={self.directory} port=6432 user=postgres dbname={dbname}"

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)
