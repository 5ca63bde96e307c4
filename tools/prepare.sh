#!/bin/sh
# Makes sure that what no Python package can bring is there: Python 3.11 with venv, git and OpenSSL,
# and, for pages that are made by script, Chromium with fonts for Chinese.
# With the word "slow" also what builds the referees of the slow tests: ICU.
# Installs it with apt when we may (root on Debian or Ubuntu), else says in one line what to do.
set -eu

PYTHON=${PYTHON:-python3}
missing=""
wanted=""

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "sousveil: $PYTHON is missing or older than 3.11: install Python 3.11 or newer," \
        "or name another one with 'make PYTHON=/path/to/python3 …'." >&2
    exit 2
}
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
command -v git >/dev/null 2>&1 || missing="$missing git"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
if [ "${1:-}" = slow ]; then
    pkg-config --exists icu-i18n 2>/dev/null || missing="$missing libicu-dev pkg-config g++"
fi

# Without a browser everything else works: pages are kept as they came over the wire.
found=""
for name in chromium chromium-browser google-chrome google-chrome-stable microsoft-edge; do
    command -v "$name" >/dev/null 2>&1 && found="$name"
done
for app in "/Applications/Google Chrome.app" "/Applications/Chromium.app"; do
    [ -d "$app" ] && found="$app"
done
[ -n "$found" ] || [ -n "${SOUSVEIL_BROWSER:-}" ] || wanted="$wanted chromium"
if command -v fc-list >/dev/null 2>&1 && [ -z "$(fc-list :lang=zh family | head -n 1)" ]; then
    wanted="$wanted fonts-noto-cjk"
elif ! command -v fc-list >/dev/null 2>&1 && [ "$(uname -s)" = Linux ]; then
    wanted="$wanted fontconfig fonts-noto-cjk"
fi

[ -z "$missing$wanted" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "sousveil: installing$missing$wanted" >&2
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing $wanted >/dev/null
    exit 0
fi
if [ -n "$missing" ]; then
    echo "sousveil: please install$missing with your system's package manager, then run make again." >&2
    exit 2
fi
echo "sousveil: pages that are made by script need a browser, Chinese pages a font: please install$wanted." >&2
