# SPDX-License-Identifier: PostgreSQL
"""Tests wait for what they want to see; they never sleep and hope, and never without a limit."""
import select
import time

from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE

from harness.diagnosis import stack_of

LIMIT = 120.0  # seconds: far more than anything here takes, so only a real failure reaches it


def wait_until(condition, what, agent=None, limit=LIMIT):
    """Asks again and again until condition() is true, and returns what it gave."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            log = f"\n--- log of {agent.name} ---\n{agent.log()}\n{stack_of(agent.pid)}" if agent else ""
            raise AssertionError(f"waited {limit:.0f} s in vain for: {what}{log}")
        time.sleep(0.02)


def wait_for_answer(connection, limit=2 * LIMIT):
    """Until a connection of psycopg2 has done what it was asked. conftest makes each connection wait like this:
    libpq's own wait has no limit, and pytest cannot interrupt it."""
    end = time.monotonic() + limit
    while True:
        state = connection.poll()
        if state == POLL_OK:
            return
        reads = [connection] if state == POLL_READ else []
        writes = [connection] if state == POLL_WRITE else []
        if not any(select.select(reads, writes, [], max(0, end - time.monotonic()))):
            raise TimeoutError(f"the server did not answer within {limit:.0f} s")
