# SPDX-License-Identifier: PostgreSQL
"""What the faults are done to: two servers, three agents, the networks between them."""
import os
import signal
import subprocess
import time
from contextlib import closing, suppress

import psycopg2
from psycopg2.extensions import make_dsn

from chaos.plan import AGENTS
from chaos.proxy import Network, Proxy
from harness import Agent, Cluster, Database
from harness.program import copy_program
from harness.users import clean_environment, give_away
from harness.waiting import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
CONTROL = "application_name = 'pgalmanac' AND pid IN (SELECT jagpid FROM pgagent.pga_jobagent WHERE jagname = %s)"
FAR = AGENTS[-1]  # as if on another host than the others: its folder is its own, and nobody can see its process
HIDE = f"""
    CREATE FUNCTION chaos.hide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.jagprocess := NULL; RETURN NEW; END $$;
    CREATE TRIGGER hide BEFORE INSERT ON pgagent.pga_jobagent
        FOR EACH ROW WHEN (NEW.jagname = '{FAR}') EXECUTE PROCEDURE chaos.hide()"""
LOG = "application_name = 'pgalmanac' AND pid NOT IN (SELECT jagpid FROM pgagent.pga_jobagent) LIMIT 1"


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def socket_of(server):
    return os.path.join(server.directory, f".s.PGSQL.{server.port}")


class Keeper:
    """An agent that is started again and again under one name."""

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.proxy = Proxy(world.network, socket_of(world.home))
        self.temporary = os.path.join(world.directory, "tmp-own" if name == FAR else "tmp-shared")
        os.makedirs(self.temporary, exist_ok=True)
        give_away(self.temporary)
        self.lives = []  # all processes so far
        self.is_wanted = False
        self.is_stopped = False  # by SIGSTOP
        self.was_asked = False  # the newest was told to end

    @property
    def agent(self):
        return self.lives[-1]

    def conninfo(self):
        return make_dsn(host="127.0.0.1", port=self.proxy.port, user="postgres", dbname="almanac", application_name=None)

    def start(self):
        """Once its predecessor has ended: see tend(). One that runs stays."""
        self.is_wanted = not self.lives or not self.agent.is_running() or self.was_asked
        self.tend()

    def tend(self):
        if not self.is_wanted or (self.lives and self.agent.is_running()):
            return
        self.lives.append(Agent(self.world.program, self.conninfo(), *self.world.options, name=self.name,
                                environment={"TMPDIR": self.temporary}))
        self.is_wanted = self.is_stopped = self.was_asked = False

    def kill(self):
        self.agent.kill()

    def end(self):
        self.was_asked = True
        with suppress(ProcessLookupError):
            self.agent.signal(signal.SIGTERM)

    def stop(self):
        self.is_stopped = True
        self.agent.signal(signal.SIGSTOP)

    def go_on(self):
        if self.is_stopped and self.agent.is_running():
            self.agent.signal(signal.SIGCONT)
        self.is_stopped = False

    def ended_wrongly(self):
        """How, for those that nobody ended."""
        for number, agent in enumerate(self.lives):
            code = agent.process.poll()
            if code is None or agent.was_killed:
                continue
            was_asked = self.was_asked if agent is self.agent else True
            if code != 0 or not was_asked:
                yield f"{self.name}, life {number + 1} ({agent.log_path}), ended with {code}"


class World:
    def __init__(self, directory, lease):
        self.directory = directory
        self.network = Network()
        self.program = copy_program(directory)
        self.script_file = os.path.join(directory, "scripts")
        with open(self.script_file, "wb"):
            pass
        give_away(self.script_file)
        self.options = ["-l", "2", "-t", "2", "-r", "1", "--grace", "2s", "--connect-timeout", "3s", *self._lease_option(lease)]
        self.home = Cluster(os.path.join(directory, "home"), track_commit_timestamp="on",
                            log_line_prefix="%m [%p] %a %x ").start()
        self.target = Cluster(os.path.join(directory, "target"), max_connections=14).start()  # sometimes too few
        self.servers = {"home": self.home, "target": self.target}
        self.database = Database.create_installed(self.home)
        self.distant = Database.create(self.target, "distant")
        self.database.execute(read("record.sql"))
        self.database.execute(HIDE)
        for one in (self.database, self.distant):
            one.execute(read("effect.sql"))
        self.distant_proxy = Proxy(self.network, socket_of(self.target))
        self.keepers = {name: Keeper(self, name) for name in AGENTS}
        self.targets = {"home": ("", "almanac"),
                        "target": (f"host=127.0.0.1 port={self.distant_proxy.port} user=postgres dbname=distant", "")}

    def _lease_option(self, lease):
        said = subprocess.run([self.program, "--help"], stdout=subprocess.PIPE, text=True, env=clean_environment(),
                              check=True).stdout
        return ["--lease", f"{lease}s"] if "--lease" in said else []

    def start(self):
        for keeper in self.keepers.values():
            keeper.start()
        for keeper in self.keepers.values():
            keeper.agent.wait_until_ready(self.database)

    def tend(self):
        for keeper in self.keepers.values():
            keeper.tend()

    # Servers

    def stop_server(self, name, how):
        server = self.servers[name]
        self.database.close()
        self.distant.close()
        if how == "kill":
            server.kill()
            wait_until(lambda: not self._has_processes(server), f"server {name} is gone", limit=120)
            # Its process may stay as a zombie, where nobody waits for orphans; a new one would take that for a server.
            for path in (os.path.join(server.data, "postmaster.pid"), socket_of(server) + ".lock"):
                with suppress(FileNotFoundError):
                    os.unlink(path)
        else:
            server.stop(how)

    @staticmethod
    def _has_processes(server):
        """Its postmaster has been killed: the number in its file is of nobody, or of somebody else."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                if os.readlink(f"/proc/{pid}/cwd") == server.data:
                    return True
        return False

    def start_server(self, name):
        if not self.servers[name].running:
            self.servers[name].start()

    def proxy(self, name):
        return self.distant_proxy if name == "target" else self.keepers[name].proxy

    # Sessions

    def end_backend(self, agent, which):
        """control: the agent's. log: somebody's, they do not say whose they are."""
        ended = 0
        if which in ("control", "both"):
            ended += self._end(self.database, CONTROL, agent)
        if which in ("log", "both"):
            ended += self._end(self.database, LOG)
        return ended

    def end_step(self, name, pick):
        database = self.database if name == "home" else self.distant
        return self._end(database, "application_name = 'pgalmanac step' AND state = 'active' ORDER BY pid OFFSET %s LIMIT 1",
                         pick % 2)

    @staticmethod
    def _end(database, which, *arguments):
        """It must not wait for the locks that people hold here: who is to let go of them comes later in the plan."""
        try:
            with closing(psycopg2.connect(database.conninfo, options="-c lock_timeout=1500ms")) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE {which}) s",
                                   arguments)
                    return cursor.rowcount
        except psycopg2.Error:
            return 0

    # The end

    def heal(self):
        """All faults end."""
        for name in self.servers:
            self.start_server(name)
        self.distant_proxy.restore()
        for keeper in self.keepers.values():
            keeper.proxy.restore()
            keeper.go_on()
        end = time.monotonic() + 120
        for keeper in self.keepers.values():
            while keeper.was_asked and keeper.agent.is_running() and time.monotonic() < end:
                time.sleep(0.05)
            if not keeper.agent.is_running():
                keeper.start()
        for keeper in self.keepers.values():
            keeper.agent.wait_until_ready(self.database)

    def descendants(self):
        """(pid, command line) of what the agents have started and still runs."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    is_ours = f"TMPDIR={self.directory}/tmp-".encode() in file.read()
                if is_ours and int(pid) not in [keeper.agent.pid for keeper in self.keepers.values()]:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        found.append((int(pid), file.read().replace(b"\0", b" ").decode(errors="replace").strip()))
        return found

    def scratch(self):
        """Folders of scripts that nobody has removed."""
        return [os.path.join(folder, name) for folder in sorted({keeper.temporary for keeper in self.keepers.values()})
                for name in os.listdir(folder)]

    def close(self):
        for keeper in self.keepers.values():
            for agent in keeper.lives:
                if agent.is_running():
                    agent.kill()
        for pid, _ in self.descendants():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with closing(self.network):
            for proxy in [self.distant_proxy, *(keeper.proxy for keeper in self.keepers.values())]:
                proxy.close()
        for server in self.servers.values():
            server.end()
