#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No cycles among object files: who needs whom, as nm sees it, sorted by tsort, which names every loop.
# Usage: arrows.sh OBJECT…
set -eu
pairs=$(mktemp)
trap 'rm -f "$pairs"' EXIT
for object in "$@"; do
    nm --defined-only -g "$object" | awk -v o="$object" 'NF == 3 { print "D", $3, o }'
    nm -u "$object" | awk -v o="$object" 'NF == 2 { print "U", $2, o }'
done | sort | awk '
    $1 == "D" { home[$2] = $3 }
    $1 == "U" { if ($2 in home && home[$2] != $3) print $3, home[$2] }' | sort -u >"$pairs"
if loops=$(tsort "$pairs" 2>&1 >/dev/null) && [ -z "$loops" ]; then
    echo "arrows: $# object files, $(wc -l <"$pairs") arrows, no cycle"
else
    echo "arrows: these object files need each other in a circle:" >&2
    echo "$loops" >&2
    exit 1
fi
