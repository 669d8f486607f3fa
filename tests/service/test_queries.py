# SPDX-License-Identifier: PostgreSQL
"""Every file of sql/query is a statement that fits the tables."""
import glob
import os

import pytest

from harness.database import TOP

pytestmark = pytest.mark.core

QUERIES = sorted(glob.glob(os.path.join(TOP, "sql", "query", "*.sql")))


@pytest.mark.parametrize("path", QUERIES, ids=os.path.basename)
def test_statement_can_be_prepared(installed, path):
    with open(path, encoding="utf-8") as file:
        statement = file.read()
    words = [line for line in statement.splitlines() if not line.startswith("--")][0].split()
    if words[0] in ("LISTEN", "SET"):  # SQL's PREPARE does not take them; they do no harm
        installed.execute(statement)
    else:
        installed.execute("PREPARE statement AS " + statement)


def test_statements_are_ascii():
    """The server must be able to read them in every encoding that a database can have."""
    for path in glob.glob(os.path.join(TOP, "sql", "*", "*.sql")):
        with open(path, "rb") as file:
            assert file.read().isascii(), path
