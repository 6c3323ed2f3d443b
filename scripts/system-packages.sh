#!/bin/sh
# The OpenMP runtime that LightGBM needs, and Chromium and fonts for the browser tests. Debian and Ubuntu; installs only
# what is missing.
set -eu
packages=""
browser=""
for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || browser="$(command -v "$name" || true)"
done
if [ -n "$browser" ]; then
    echo "==> browser: $browser"
else
    packages="chromium fonts-dejavu-core"
fi
PATH="$PATH:/sbin:/usr/sbin"
if [ "$(uname)" = "Linux" ] && ! ldconfig -p | grep -q 'libgomp\.so\.1'; then
    packages="$packages libgomp1"
fi
[ -n "$packages" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing: $packages (Debian's names). Install them; this script knows only Debian's apt-get." >&2
    exit 1
fi
SUDO=""
[ "$(id -u)" -eq 0 ] || SUDO="sudo"
echo "==> installing $packages (Debian)"
$SUDO apt-get update -qq
# shellcheck disable=SC2086  # a list of names
DEBIAN_FRONTEND=noninteractive $SUDO apt-get install -y -qq --no-install-recommends $packages >/dev/null
