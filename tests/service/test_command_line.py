# SPDX-License-Identifier: PostgreSQL
"""The program from outside: words, exit codes, the daemon, signals."""
import os
import re
import signal
import stat

import pytest

from harness.users import give_away
from harness.waiting import wait_until

NOWHERE = "host=/nonexistent dbname=x"


@pytest.fixture
def folder(directory, tmp_path_factory):
    """A folder that the agents may write."""
    path = os.path.join(directory, tmp_path_factory.mktemp("words").name)
    os.mkdir(path)
    give_away(path)
    return path


@pytest.fixture
def daemon(pgalmanac, folder):
    """Starts a daemon with a log and a pid file in `folder`; ends it with the test."""
    pid_file, log = os.path.join(folder, "pid"), os.path.join(folder, "log")

    def start(*words):
        return pgalmanac("--pid-file", pid_file, "-s", log, *words)

    yield start
    if os.path.exists(pid_file):
        os.kill(int(read(pid_file)), signal.SIGKILL)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_help(pgalmanac):
    done = pgalmanac("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert "--max-runs=N" in done.stdout and "\n  setup " in done.stdout


@pytest.mark.parametrize("word", ["-v", "-V", "--version"])
def test_version(pgalmanac, word):
    done = pgalmanac(word)
    assert done.returncode == 0
    assert re.fullmatch(r"pgalmanac \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("words, message", [
    (["--no-such-option"], "there is no option --no-such-option; pgalmanac --help lists them"),
    (["statsu"], '"statsu" is neither a connection string nor a command in the first place'),
    (["-l", "3", NOWHERE], 'option -l: "3" is out of range: allowed are 0 to 2'),
    (["--config", "/nonexistent.conf"], "could not read configuration file"),
    (["-f", "dbname=x nonsense=5"], "nonsense"),
    (["dbname=x nonsense=5"], "nonsense"),
])
def test_wrong_words(pgalmanac, words, message):
    done = pgalmanac(*words)
    assert done.returncode == 1
    assert message in done.stderr and done.stdout == ""


@pytest.mark.parametrize("words", [
    ["host=/nonexistent password=gandalf"],
    ["host=/nonexistent", "password='gan", "dalf'"],
    ["postgresql://frodo:gandalf@127.0.0.1:1/x"],
    ["-d", "password=gandalf host=/nonexistent"],
    ["--conninfo=postgresql://frodo:gandalf@127.0.0.1:1/x"],
])
def test_password_is_masked(agent, words):
    started = agent(*words, conninfo="", ready=False)
    started.wait_for_log("starts as agent")
    with open(f"/proc/{started.pid}/cmdline", encoding="utf-8") as file:
        shown = file.read()
    assert "gandalf" not in shown and "dalf" not in shown
    assert "gandalf" not in started.log()


def test_file(agent, installed, folder):
    path = os.path.join(folder, "agent.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"conninfo = '{installed.conninfo}'\nname = ignored\n")
    agent("--config", path, conninfo="")


def test_daemon(daemon, folder):
    done = daemon(NOWHERE)
    assert done.returncode == 0, done.stderr
    pid = int(read(os.path.join(folder, "pid")))
    log = os.path.join(folder, "log")
    assert not is_gone(pid)
    assert stat.S_IMODE(os.stat(log).st_mode) == 0o640
    assert os.getsid(pid) == pid
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert {os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)} == {"/dev/null"}

    second = daemon(NOWHERE)
    assert second.returncode == 1
    assert f"another agent is running (process {pid})" in second.stderr

    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: is_gone(pid), "the daemon ends")
    assert not os.path.exists(os.path.join(folder, "pid"))
    assert "stopped" in read(log)


def test_daemon_cannot_start(pgalmanac):
    done = pgalmanac("-s", "/nonexistent/log", NOWHERE)
    assert done.returncode == 1
    assert done.stderr == 'pgalmanac: could not open log file "/nonexistent/log": No such file or directory\n'


def test_reload(agent, folder):
    path, log = os.path.join(folder, "agent.conf"), os.path.join(folder, "log")

    def write(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    write(f"log-file = '{log}'\n")
    started = agent("--config", path)

    os.rename(log, log + ".1")
    write("log-level = 2\nmax-runs = 5\n")
    started.signal(signal.SIGHUP)
    wait_until(lambda: os.path.exists(log) and "configuration read again" in read(log), "it reloaded")

    write("max-runs = none\n")
    started.signal(signal.SIGHUP)
    wait_until(lambda: f'{path}:1: max-runs: "none" is not a whole number' in read(log), "the error")
    assert started.is_running()
