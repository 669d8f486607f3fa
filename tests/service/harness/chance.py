# SPDX-License-Identifier: PostgreSQL
"""Where random tests begin."""
import os
import random


def choose_seed():
    """PGALMANAC_SEED, else another one each time; but the same in CI, which judges a change and nothing else."""
    found = os.environ.get("PGALMANAC_SEED")
    if found is None:
        found = 1 if os.environ.get("CI") else random.SystemRandom().randrange(10**9)
    return int(found)
