# SPDX-License-Identifier: PostgreSQL
# What pgAlmanac needs, and how to get it on Debian and its kin. Sourced by quickstart and runtests.
# shellcheck shell=bash

BUILD_PACKAGES=(gcc make autoconf automake pkg-config libglib2.0-dev libpq-dev libsystemd-dev)
TEST_PACKAGES=(clang clang-format clang-tidy cppcheck libclang-rt-14-dev valgrind faketime procps xz-utils
    gdb python3-pytest python3-pytest-timeout python3-pytest-xdist python3-psycopg2 python3-croniter python3-dateutil pgagent pgbouncer)

PACKAGE_PACKAGES=(debhelper dpkg-dev lintian debootstrap)

explain_packages() {
    cat <<'EOF'
Please install, by the names that your system has for them:
  gcc or clang, make, autoconf, automake, pkg-config
  the development files of GLib (2.66 or newer), of libpq (14 or newer) and, if it has it, of libsystemd
  a PostgreSQL server (10 or newer); if its programs are not in PATH, name their folder in PG_BINDIR
EOF
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        echo "this needs root and there is no sudo: $*" >&2
        return 1
    fi
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_server() {
    [ -n "${PG_BINDIR:-}" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

apt_install() {
    local log
    log=$(mktemp)
    echo "installing $*"
    if ! as_root apt-get install -q -y --no-install-recommends "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        return 1
    fi
    rm -f "$log"
}

# Debian makes and starts a server on port 5432 when its package is installed. We need the programs only, so
# that is switched off meanwhile; afterwards the setting is as it was.
apt_install_server() (
    conf=/etc/postgresql-common/createcluster.conf
    is_installed postgresql-common || apt_install postgresql-common
    as_root cp -p "$conf" "$conf.before"
    trap 'as_root mv "$conf.before" "$conf"' EXIT
    as_root sed -i '/^ *create_main_cluster/d; $a create_main_cluster = false' "$conf"
    apt_install postgresql
)

# Installs what is missing of the packages named, and a server; asks apt nothing if all is there.
install_packages() {
    local missing=() package
    if ! command -v apt-get >/dev/null; then
        explain_packages
        return 0
    fi
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ] && has_server; then
        return 0
    fi
    as_root timeout 300 apt-get update -q >/dev/null || true # an old list may still do
    has_server || apt_install_server
    [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
}
