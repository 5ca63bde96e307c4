#!/bin/sh
# Makes sure that what no Python package can bring is there: Python 3.11 with venv, and git.
# Installs it with apt when we may (root on Debian or Ubuntu), else says in one line what to do.
set -eu

PYTHON=${PYTHON:-python3}
missing=""

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "sousveil: $PYTHON is missing or older than 3.11: install Python 3.11 or newer," \
        "or name another one with 'make PYTHON=/path/to/python3 …'." >&2
    exit 2
}
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
command -v git >/dev/null 2>&1 || missing="$missing git"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "sousveil: installing$missing" >&2
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
else
    echo "sousveil: please install$missing with your system's package manager, then run make again." >&2
    exit 2
fi
