#!/bin/sh
# Print the path of a Python interpreter of the first of the versions given ("3.12 3.13") that this machine has or can get.
# Looks at the PATH, at pyenv's versions and at uv's; where there is none, asks uv (from PyPI) to fetch one, which needs GitHub.
set -u

works() { [ -n "$1" ] && "$1" -c "import sys, venv, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != '$2')" 2>/dev/null; }

for version in "$@"; do
    for found in "$(command -v "python$version" 2>/dev/null)" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python \
        "$(uv python find "$version" 2>/dev/null)"; do
        if works "$found" "$version"; then
            printf '%s\n' "$found"
            exit 0
        fi
    done
done

command -v uv >/dev/null 2>&1 || .venv/bin/python -m pip install -qq --disable-pip-version-check uv >/dev/null 2>&1
PATH=$PATH:$PWD/.venv/bin
for version in "$@"; do
    uv python install -q "$version" >/dev/null 2>&1
    found=$(uv python find "$version" 2>/dev/null)
    if works "$found" "$version"; then
        printf '%s\n' "$found"
        exit 0
    fi
done
printf 'set-up: no Python %s found, and uv could not fetch one; install one of them (pyenv, uv, your system)\n' "$*" >&2
exit 1
