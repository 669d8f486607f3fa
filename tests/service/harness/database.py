# SPDX-License-Identifier: PostgreSQL
"""One database of a cluster, and how the tables get into it."""
import glob
import os
import re
from contextlib import closing

from psycopg2.extensions import quote_ident

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
SCHEMA_VERSION = """
    INSERT INTO pgagent.pga_setting (setname, setvalue, setdesc)
    VALUES ('schema_version', %s, 'number of the newest file of sql/schema that is installed')
    ON CONFLICT (setname) DO UPDATE SET setvalue = EXCLUDED.setvalue"""


def schema_files():
    """(number, path) of each file of sql/schema, in order."""
    paths = sorted(glob.glob(os.path.join(TOP, "sql", "schema", "[0-9]*.sql")))
    return [(int(re.match(r"\d+", os.path.basename(path)).group()), path) for path in paths]


def install(connection):
    """Does what `pgalmanac setup` does, for tests that are not about setup: each file in a transaction."""
    connection.autocommit = False
    with connection.cursor() as cursor:
        for number, path in schema_files():
            with open(path, encoding="utf-8") as file:
                cursor.execute(file.read())
            cursor.execute(SCHEMA_VERSION, (str(number),))
            connection.commit()
    connection.close()


class Database:
    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self._connection = None

    @classmethod
    def create(cls, cluster, name, template="template0", owner="postgres", encoding=None):
        with closing(cluster.connect()) as connection, connection.cursor() as cursor:
            names = [quote_ident(word, connection) for word in (name, template, owner)]
            cursor.execute("CREATE DATABASE {} TEMPLATE {} OWNER {}".format(*names)
                           + (" STRATEGY file_copy" if cluster.version >= 15 else "")  # by far the cheapest for the server
                           + (f" ENCODING '{encoding}'" if encoding else ""))
        return cls(cluster, name)

    @classmethod
    def create_installed(cls, cluster, name="almanac", **more):
        """A database with the tables, where there is no template of them."""
        made = cls.create(cluster, name, **more)
        install(made.connect())
        return made

    @property
    def conninfo(self):
        return self.cluster.conninfo(self.name)

    def connect(self, user=None, autocommit=True):
        return self.cluster.connect(self.name, user, autocommit)

    def query(self, sql, *args):
        """The rows of a statement, on a connection that is kept (and made anew after a restart)."""
        return self._run(sql, args, lambda cursor: cursor.fetchall())

    def value(self, sql, *args):
        """The first column of the first row, None if there is none."""
        rows = self.query(sql, *args)
        return rows[0][0] if rows else None

    def execute(self, sql, *args):
        """The number of rows that a statement touched."""
        return self._run(sql, args, lambda cursor: cursor.rowcount)

    def execute_as_agent(self, sql, *args):
        """The same in a session that the triggers leave alone."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET pgalmanac.agent = 'on'")
            cursor.execute(sql, args)
            return cursor.rowcount

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self):
        """Ends whatever is connected; new connections are refused first."""
        self.close()
        if not self.cluster.running:
            return
        with closing(self.cluster.connect()) as connection, connection.cursor() as cursor:
            name = quote_ident(self.name, connection)
            cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                           " WHERE datname = %s", (self.name,))
            cursor.execute(f"DROP DATABASE {name}")  # waits up to 5 s for those to go

    def _run(self, sql, args, fetch):
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, args or None)
                return fetch(cursor)
        finally:
            if self._connection.closed:
                self._connection = None
