# SPDX-License-Identifier: PostgreSQL
"""The program of the build, and how to run one of its commands."""
import os
import shutil
import subprocess

from harness.users import clean_environment, popen_user


def copy_program(directory):
    """Puts it where the server's user can reach it. It is one file."""
    build = os.environ.get("PGALMANAC_BUILDDIR")
    if not build:
        raise RuntimeError("set PGALMANAC_BUILDDIR to the folder in which pgalmanac was built")
    return shutil.copy2(os.path.join(build, "pgalmanac"), directory)


def start(program, *words, environment=None):
    return subprocess.Popen([program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, cwd=os.path.dirname(program),
                            env=clean_environment(environment), **popen_user())


def run(program, *words, environment=None):
    process = start(program, *words, environment=environment)
    try:
        out, err = process.communicate(timeout=120)
    except BaseException:
        process.kill()
        raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)
