#!/bin/sh
# Makes sure that the browser tests have their Chromium; where it cannot be had, they say so. Needs .venv.
set -u

missing=
[ -n "${O1MAGIC_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing=chromium
# Playwright drives it through a Node.js of its own, which wants a library that a small Debian lacks.
.venv/bin/playwright --version >/dev/null 2>&1 || missing="$missing libatomic1"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else root=none; fi
if [ "$root" != none ] && command -v apt-get >/dev/null; then
    echo "Installing for the browser tests: $missing ..."
    # Unquoted on purpose: an empty $root is no word, and $missing may be two.
    $root apt-get update -q &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing && exit 0
fi
echo "The browser tests need what this machine lacks: $missing" >&2
exit 0
