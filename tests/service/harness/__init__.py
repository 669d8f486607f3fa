# SPDX-License-Identifier: PostgreSQL
"""What the service tests stand on: a throw-away server, its databases, the agent, and waiting."""
from harness.agent import Agent
from harness.cluster import Cluster
from harness.database import Database
from harness.faketime import FakeTime
from harness.waiting import wait_until

__all__ = ["Agent", "Cluster", "Database", "FakeTime", "wait_until"]
