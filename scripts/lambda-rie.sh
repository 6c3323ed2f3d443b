#!/bin/sh
# Puts Lambda's runtime interface emulator into .venv/aws-lambda-rie/: tests run the functions under it.
# It comes out of the aws-sam-cli wheel, pinned by hash and never installed. Does nothing if it is there already.
set -eu
version=1.170.0
sha256=24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf
root="$(cd "$(dirname "$0")/.." && pwd)"
folder="$root/.venv/aws-lambda-rie"
python="$root/.venv/bin/python"
if [ ! -x "$python" ]; then
    echo "There is no $python yet: run \`make install\` first." >&2
    exit 1
fi
if [ -x "$folder/aws-lambda-rie" ] && [ "$(cat "$folder/sha256" 2>/dev/null)" = "$sha256" ]; then
    exit 0
fi
case "$(uname -m)" in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) echo "Lambda's runtime interface emulator is not built for $(uname -m)." >&2; exit 1 ;;
esac
echo "==> Lambda's runtime interface emulator in .venv/aws-lambda-rie"
rm -rf "$folder"
mkdir -p "$folder"
echo "aws-sam-cli==$version --hash=sha256:$sha256" >"$folder/requirements.txt"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --dest "$folder" -r "$folder/requirements.txt"
"$python" - "$folder" "aws_sam_cli-$version-py3-none-any.whl" "samcli/local/rapid/aws-lambda-rie-$machine" <<'END'
import pathlib, sys, zipfile
folder, wheel, member = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with zipfile.ZipFile(folder / wheel) as archive:
    (folder / "aws-lambda-rie").write_bytes(archive.read(member))
(folder / "aws-lambda-rie").chmod(0o755)
(folder / wheel).unlink()
END
echo "$sha256" >"$folder/sha256"
