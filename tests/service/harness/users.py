# SPDX-License-Identifier: PostgreSQL
"""PostgreSQL refuses to run as root: started by root, server and agents run as user postgres."""
import os
import pwd
import shutil

SERVER_USER = "postgres" if os.geteuid() == 0 else None


def popen_user():
    """Keyword arguments for subprocess that drop root's rights."""
    if SERVER_USER is None:
        return {}
    entry = pwd.getpwnam(SERVER_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [entry.pw_gid]}


def give_away(path):
    """Makes a file or directory the server user's own."""
    if SERVER_USER is not None:
        shutil.chown(path, SERVER_USER, SERVER_USER)


def clean_environment(extra=None):
    """Our environment without PG* variables, which would tell programs where to connect."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", **(extra or {})}
