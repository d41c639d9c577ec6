#!/bin/sh
# Make the virtual environment $1 with the first Python 3.11 to 3.13 that works. Says what it does, and what is missing.
set -eu

venv=$1
suitable='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

say() { printf 'set-up: %s\n' "$*" >&2; }

find_python() {
    for name in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$suitable" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python3.12"
    exit 1
}

# Debian and Ubuntu keep ensurepip in a package of its own.
complete_python() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    say "$1 lacks the modules for virtual environments; installing $package"
    root=''
    [ "$(id -u)" -eq 0 ] || root='sudo -n'
    if ! { $root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"; } >/dev/null; then
        say "that failed; run: sudo apt-get install $package"
        exit 1
    fi
}

python=$(find_python)
complete_python "$python"
say "virtual environment $venv with $("$python" --version) ($python)"
rm -rf "$venv"
"$python" -m venv "$venv"
