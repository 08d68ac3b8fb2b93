#!/bin/sh
# Makes .venv with Python >= 3.11 and installs the given requirement into it, editable.
set -eu

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

find_python() {
    for name in "${PYTHON:-}" python3 python3.11 python3.12 python3.13 python3.14; do
        [ -n "$name" ] && command -v "$name" >/dev/null || continue
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "o1magic needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2
    exit 1
}

if [ ! -x .venv/bin/pip ]; then
    python=$(find_python)
    rm -rf .venv
    # Debian ships venv as a package of its own.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "Installing python3-venv, which this Python lacks ..."
        { as_root apt-get update -q && as_root apt-get install -y -q python3-venv; } || {
            echo "This Python has no venv module; install the package python3-venv and try again" >&2
            exit 1
        }
    fi
    "$python" -m venv .venv
fi
.venv/bin/pip install --quiet --disable-pip-version-check --editable "$1"
