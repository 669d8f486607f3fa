# SPDX-License-Identifier: PostgreSQL
"""pgalmanac --private DIR: an agent with a server of its own."""
import os
import tempfile

import psycopg2
import pytest

from harness import Agent
from harness.users import give_away


@pytest.fixture
def folder(directory):
    path = tempfile.mkdtemp(prefix="private", dir=directory)
    give_away(path)
    return os.path.join(path, "almanac")


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def server_runs(folder):
    return os.path.exists(os.path.join(folder, "data", "postmaster.pid"))


def wait_for_agent(agent, folder):
    """Until the agent works; gives a cursor. The server takes us for user postgres as we may enter the folder."""
    agent.wait_for_log(f'agent "{agent.name}" works on')
    connection = psycopg2.connect(read(folder, "conninfo"))
    connection.autocommit = True
    return connection.cursor()


def test_first_use_and_second(program, folder):
    for number in (1, 2):
        agent = Agent(program, None, "--private", folder, name=f"round{number}")
        cursor = wait_for_agent(agent, folder)
        cursor.execute("SELECT count(*) FROM pgagent.pga_job")
        assert cursor.fetchone() == (number - 1,)
        cursor.execute("INSERT INTO pgagent.pga_job (jobjclid, jobname) VALUES (1, 'kept')")
        assert os.stat(folder).st_mode & 0o777 == 0o700
        agent.finish()
        assert not server_runs(folder)


def test_server_of_a_killed_agent_is_taken_over_and_stopped(program, folder):
    first = Agent(program, None, "--private", folder, name="first")
    wait_for_agent(first, folder)
    first.kill()
    assert server_runs(folder)
    second = Agent(program, None, "--private", folder, name="second")
    wait_for_agent(second, folder)
    second.finish()
    assert not server_runs(folder)


def test_second_agent_is_told_how_to_join(program, folder):
    first = Agent(program, None, "--private", folder, name="first")
    wait_for_agent(first, folder)
    second = Agent(program, None, "--private", folder, name="second")
    assert second.wait() != 0
    assert "in use by another agent" in second.log()
    joined = Agent(program, read(folder, "conninfo"), name="joined")
    wait_for_agent(joined, folder)
    joined.finish()
    first.finish()


def test_folder_with_other_things_is_left_alone(program, folder):
    os.mkdir(folder)
    give_away(folder)
    with open(os.path.join(folder, "letter"), "w", encoding="utf-8") as file:
        file.write("dear")
    agent = Agent(program, None, "--private", folder)
    assert agent.wait() in (1, 3)
    assert "neither empty nor that of a private server" in agent.log()
    assert os.listdir(folder) == ["letter"]


def test_asked_to_stop_while_the_server_is_being_made(program, folder):
    agent = Agent(program, None, "--private", folder)
    agent.wait_for_log("making a private server")
    agent.finish()
    assert not server_runs(folder)
