# SPDX-License-Identifier: PostgreSQL
"""Makes a case that fails smaller, as long as it goes on failing."""

MOST = 400  # tries


def without_one(items):
    """The same without each of its members in turn."""
    return [items[:i] + items[i + 1:] for i in range(len(items))]


def shrink(case, smaller, fails):
    """smaller(case): simpler cases, the boldest first. fails(case): whether it still does."""
    tries = 0
    while tries < MOST:
        for candidate in smaller(case):
            tries += 1
            if fails(candidate):
                case = candidate
                break
        else:
            return case
    return case
