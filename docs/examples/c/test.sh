#!/bin/sh
# Compiles add.c and tests it; for `opensrf-chopchop exec --stubs docs/examples/stubs -- sh docs/examples/c/test.sh`.
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -Wall -Wextra -Werror -O1 -o "$work/add" "$here/add.c" || exit 1

failures=0
check() { # NAME EXPECTED COMMAND…
    name=$1 expected=$2
    shift 2
    got=$("$@" 2>&1)
    if [ "$got" = "$expected" ]; then echo "ok - $name"; else echo "not ok - $name: expected \"$expected\", got \"$got\""; failures=1; fi
}

check 'two numbers are added by opensrf.math' 4 "$work/add" 2 2
check 'what the service gives is printed' 41 "$work/add" 1 41
check 'an error status of the service is printed' \
    'add: 400 not today' "$work/add" 5 5
check 'it says what is missing' 'add: OSRF_HOST is not set' env -u OSRF_HOST "$work/add" 2 2
exit $failures
