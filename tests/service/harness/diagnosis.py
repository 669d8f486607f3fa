# SPDX-License-Identifier: PostgreSQL
"""What those were doing whom a test waited for in vain."""
import subprocess

ACTIVITY = """
    SELECT pid, datname, application_name, state, wait_event_type, wait_event, pg_blocking_pids(pid),
           now() - state_change, left(query, 200)
    FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL ORDER BY pid"""


def stack_of(pid):
    """Where a process is, for people: the stacks of its threads, or why they cannot be had."""
    try:
        done = subprocess.run(["gdb", "-p", str(pid), "-batch", "-nx", "-ex", "thread apply all backtrace"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                              text=True, errors="replace", check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no stack of process {pid}: {error}"
    return f"--- stack of process {pid} ---\n{done.stdout}"


def activity_of(cluster):
    """What the sessions of a server do, for people."""
    try:
        connection = cluster.connect()
    except Exception as error:  # whatever it is, it is only told
        return f"no sessions of the server in {cluster.directory}: {error}"
    with connection.cursor() as cursor:
        cursor.execute(ACTIVITY)
        rows = cursor.fetchall()
    connection.close()
    return "\n".join([f"--- sessions of the server in {cluster.directory} ---", *map(str, rows)])
