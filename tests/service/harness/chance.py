# SPDX-License-Identifier: PostgreSQL
"""Where random tests begin."""
import os
import random


def choose_seed():
    """PGALMANAC_SEED, which runtests sets, else another one each time."""
    return int(os.environ.get("PGALMANAC_SEED") or random.SystemRandom().randrange(10**9))
