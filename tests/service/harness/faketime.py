# SPDX-License-Identifier: PostgreSQL
"""Lets a test set the clock of a server and its agents: libfaketime reads the offset from a file."""
import glob
import os

import pytest

from harness.users import give_away


class FakeTime:
    """`FakeTime(directory)`, then `Cluster(…, environment=clock.environment)` and the same for agents."""

    def __init__(self, directory, setting="+0"):
        libraries = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        if not libraries:
            pytest.skip("libfaketime is not installed")
        self.path = os.path.join(str(directory), "faketime")
        self.set(setting)
        self.environment = {
            "LD_PRELOAD": libraries[0],
            "FAKETIME_TIMESTAMP_FILE": self.path,
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "ASAN_OPTIONS": "verify_asan_link_order=0",  # an agent with sanitizers does not mind either
        }

    def set(self, setting):
        """An offset ("+3600", "-1d") or a start ("@2026-03-29 01:59:50", local time of the process)."""
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(setting + "\n")
        give_away(self.path + ".new")
        os.rename(self.path + ".new", self.path)
