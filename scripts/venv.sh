#!/bin/sh
# Makes .venv with Python >= 3.11 and installs the given requirement into it, editable.
set -eu

find_python() {
    for name in "${PYTHON:-}" python3 python3.11 python3.12 python3.13 python3.14; do
        [ -n "$name" ] && command -v "$name" >/dev/null || continue
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "o1magic needs Python 3.11 or newer; set PYTHON=/path/to/python3 and try again." >&2
    exit 1
}

has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# Debian ships venv as a package of its own.
install_venv() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else return 1; fi
    echo "Installing python3-venv, which this Python lacks ..."
    $root apt-get update -q && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv
}

# pip comes last into a venv: where it runs, the venv is whole and its Python is still there.
if ! .venv/bin/pip --version >/dev/null 2>&1; then
    python=$(find_python)
    rm -rf .venv
    if ! has_venv "$python" && ! { install_venv && has_venv "$python"; }; then
        echo "$python cannot make a virtual environment: have the package python3-venv installed and try again." >&2
        exit 1
    fi
    "$python" -m venv .venv
fi
echo "Installing $1 and what it needs into .venv; the first time this takes a minute or two ..."
# -qq leaves only errors: a machine's own pip configuration may warn once for every package.
.venv/bin/pip install -qq --disable-pip-version-check --editable "$1"
