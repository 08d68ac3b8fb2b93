#!/bin/sh
# Makes sure there is a Chromium for the browser tests; where it cannot be had, they say so.
set -u

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else exit 0; fi
if command -v apt-get >/dev/null; then
    echo "Installing chromium for the browser tests ..."
    $root apt-get update -q && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends chromium
fi
exit 0
