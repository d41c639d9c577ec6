#!/bin/sh
# Run the unit and contract tests of the wheel that is unpacked in $2 on every Python that is supported; further arguments go
# to pytest. Each version has an environment of its own in $1; a version that this machine cannot have is a failure.
set -u

envs=$1
wheel=$PWD/$2
shift 2
failed=''
for version in 3.11 3.12 3.13; do
    printf '\n== Python %s\n' "$version"
    venv=$envs/py$version
    if python=$(sh scripts/python.sh "$version") &&
        { [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"; } &&
        "$venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check "$(ls "$PWD"/dist/*.whl)[test]" &&
        PYTHONPATH=$wheel PYTHONSAFEPATH=1 NBSTREAM_WHEEL=1 "$venv/bin/python" -m pytest -q tests/unit tests/contract "$@"; then
        continue
    fi
    failed="$failed $version"
done
[ -z "$failed" ] || { printf '\nfailed on Python%s\n' "$failed" >&2; exit 1; }
