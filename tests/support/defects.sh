#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every row of tests/defects.txt names tests, and each of them is registered in some program.
set -euo pipefail

bad=0
rows=0
while read -r row tests; do
    case $row in '' | '#'*) continue ;; esac
    rows=$((rows + 1))
    tests=${tests%%#*}
    [ -n "${tests//[[:space:]]/}" ] || { echo "defects: $row names no test" >&2; bad=1; }
    for test in $tests; do
        grep -qsE "cmocka_unit_test[a-z_]*\(($test)\b" tests/*/test_*.c || { echo "defects: $row: there is no $test" >&2; bad=1; }
    done
done <tests/defects.txt
[ "$bad" -eq 0 ]
echo "defects: $rows rows, each with its tests"
