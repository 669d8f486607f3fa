# SPDX-License-Identifier: PostgreSQL
"""Tests wait for what they want to see; they never sleep and hope."""
import time

LIMIT = 60.0  # seconds: far more than anything here takes, so only a real failure reaches it


def wait_until(condition, what, agent=None, limit=LIMIT):
    """Asks again and again until condition() is true, and returns what it gave."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            log = f"\n--- log of {agent.name} ---\n{agent.log()}" if agent else ""
            raise AssertionError(f"waited {limit:.0f} s in vain for: {what}{log}")
        time.sleep(0.02)
