#!/bin/sh
# Run the tests: $1 is the interpreter, further arguments go to pytest. Without any, the browser tests run beside all others:
# both wait more than they compute. What the second process says is shown when it has ended.
set -u

python=$1
shift
if [ $# -gt 0 ]; then
    exec "$python" -m pytest "$@"
fi
browser=.cache/browser-tests.log
"$python" -m pytest tests/e2e -o cache_dir=.cache/browser-tests > "$browser" 2>&1 &
beside=$!
trap 'kill $beside 2>/dev/null' EXIT INT TERM
"$python" -m pytest --ignore=tests/e2e
rest=$?
wait $beside
shown=$?
trap - EXIT
printf '\n== the browser tests\n'
cat "$browser"
[ $rest -eq 0 ] && [ $shown -eq 0 ]
