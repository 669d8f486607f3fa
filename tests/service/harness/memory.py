# SPDX-License-Identifier: PostgreSQL
"""Folders in main memory for the servers' data: most of what a test costs would be the files of its databases."""
import os
import re
import shutil
import tempfile

MEMORY = "/dev/shm"
ENOUGH = 4 << 30  # bytes: far more than all workers' servers together


def is_roomy(path):
    try:
        about = os.statvfs(path)
    except OSError:
        return False
    return os.access(path, os.W_OK) and about.f_bavail * about.f_frsize >= ENOUGH


def sweep():
    """What tests left that were killed."""
    for name in os.listdir(MEMORY):
        found = re.fullmatch(r"pgalmanac-test-(\d+)-.*", name)
        if found and not os.path.exists(f"/proc/{found[1]}"):
            shutil.rmtree(os.path.join(MEMORY, name), ignore_errors=True)


def make_folder(otherwise):
    """A new folder in memory; `otherwise`, if there is not enough."""
    if not is_roomy(MEMORY):
        return otherwise
    sweep()
    return tempfile.mkdtemp(prefix=f"pgalmanac-test-{os.getpid()}-", dir=MEMORY)
