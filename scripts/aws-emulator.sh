#!/bin/sh
# Installs the emulator of SNS and SQS into .venv/aws-emulator: an environment of its own, because its pins are not ours.
# Does nothing if what is installed is what scripts/aws-emulator-requirements.txt asks for.
#   sh scripts/aws-emulator.sh          install
#   sh scripts/aws-emulator.sh lock     compile the requirements again
set -eu
root="$(cd "$(dirname "$0")/.." && pwd)"
venv="$root/.venv"
wanted="$root/scripts/aws-emulator-requirements.txt"
uv="$venv/bin/uv"
if [ ! -x "$uv" ]; then
    echo "There is no $uv yet: run \`make install\` first." >&2
    exit 1
fi
if [ "${1:-}" = "lock" ]; then
    cd "$root"
    exec "$uv" pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url \
        --no-emit-find-links --upgrade scripts/aws-emulator-requirements.in \
        -o scripts/aws-emulator-requirements.txt
fi
installed="$venv/aws-emulator/installed-requirements.txt"
cmp -s "$wanted" "$installed" && exit 0
echo "==> emulator of SNS and SQS (ministack) in .venv/aws-emulator"
"$uv" venv --quiet --clear --python "$venv/bin/python" "$venv/aws-emulator"
"$uv" pip install --quiet --python "$venv/aws-emulator/bin/python" -r "$wanted"
cp "$wanted" "$installed"
