#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs test programs, a few side by side, and counts.
#
#   tests/run.sh [BINARY | NAME=COMMAND]…
#
# A BINARY is a cmocka program: each of its tests counts. NAME=COMMAND is one test: it passes if the command, run by
# bash, exits 0. Each may take TOLD_TEST_TIMEOUT seconds (600). What fails is shown in full where it ran, and once more
# by name just before the end: the end is what a reader of a long log sees. The last line is always "N passed, N failed";
# the exit code is 0 only if something ran and nothing failed.
# TOLD_TEST_JOBS (one more than there are cores) run at a time: most of them wait for a clock or for a process.
set -uo pipefail

readonly LIMIT=${TOLD_TEST_TIMEOUT:-600}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
# The counting below reads cmocka's standard form.
export CMOCKA_MESSAGE_OUTPUT=STDOUT

readonly JOBS=${TOLD_TEST_JOBS:-$(($(nproc) + 1))}
dir=$(mktemp -d)
out=
passed=0
failed=0
trap 'rm -rf "$dir"' EXIT
trap 'stop_jobs; echo "$passed passed, $((failed + 1)) failed"; exit 130' INT TERM

# `timeout` passes the signal on to the group of its test.
stop_jobs() {
    local job
    for job in $(jobs -p); do
        pkill -TERM -P "$job"
    done
    wait
}

# Not by line: what a test prints without a newline stands before cmocka's mark on the same line.
count() {
    grep -aoF -- "$1" "$out" | wc -l
}

# why CODE SECONDS
why() {
    if [ "$1" -eq 124 ] || { [ "$1" -eq 137 ] && [ "$2" -ge "$LIMIT" ]; }; then
        echo " (stopped after $LIMIT s)"
    elif [ "$1" -gt 128 ] && [ "$1" -le 192 ]; then
        echo " (killed by signal $(($1 - 128)))"
    else
        echo " (exit $1)"
    fi
}

# What failed in one program, a line each: what it expected where, as cmocka or a sanitizer says it, and which test.
blame() {
    grep -aoE '\[ +FAILED +\] test_[A-Za-z0-9_]+|\[ +ERROR +\] --- .*|[^ ]+:[0-9]+: error: .*|(ERROR|WARNING): [A-Za-z]+Sanitizer.*|runtime error: .*' "$out" |
        awk '!seen[$0]++' | tail -n 8 | cut -c 1-160 | sed "s/^/    $1: /"
}

# report NAME PASSED FAILED SKIPPED SECONDS CODE
report() {
    local line="$1: $2 passed, $3 failed"
    [ "$4" -eq 0 ] || line+=", $4 skipped"
    line+=", $5 s"
    [ "$3" -eq 0 ] || line+=$(why "$6" "$5")
    echo "$line"
    if [ "$3" -ne 0 ]; then
        sed 's/^/    /' "$out"
        { echo "$line"; blame "$1"; } >"$out.blame"
    fi
    echo "$2 $3" >"$out.count"
}

# The group of the test goes with it: a daemon it started must not outlive its limit.
limited() {
    timeout --kill-after=10 "$LIMIT" "$@" >"$out" 2>&1 </dev/null
}

run_command() {
    local name=${1%%=*} command=${1#*=} begin=$SECONDS code
    { limited bash -c "$command"; } 2>/dev/null
    code=$?
    report "$name" $((code == 0)) $((code != 0)) 0 $((SECONDS - begin)) "$code"
}

run_binary() {
    local begin=$SECONDS code ran ok skipped bad
    { limited "$1"; } 2>/dev/null
    code=$?
    ran=$(count '[ RUN      ] ')
    ok=$(count '[       OK ] ')
    # cmocka names the skipped once more at the end, after a line with their number.
    skipped=$(grep -aoE '\[  SKIPPED \] [A-Za-z_]' "$out" | wc -l)
    skipped=$((skipped - $(sed -n '/\[  SKIPPED \] [0-9]* test/,$p' "$out" | grep -acE '\[  SKIPPED \] [A-Za-z_]')))
    # One that began and did not end well failed, also where the program crashed in the middle of it.
    bad=$((ran - ok - skipped))
    # A leak report, a failed group setup or a program without tests fails nothing that began.
    if [ "$bad" -eq 0 ] && { [ "$code" -ne 0 ] || [ "$ran" -eq 0 ]; }; then
        bad=1
    fi
    report "${1##*/}" "$ok" "$bad" "$skipped" $((SECONDS - begin)) "$code"
}

# What a job said is shown whole when it has ended, so that two never mix.
finish() {
    local n p f
    for n in "$dir"/*.count; do
        [ -e "$n" ] || continue
        read -r p f <"$n"
        passed=$((passed + p))
        failed=$((failed + f))
        cat "${n%.count}.said"
        rm -f "$n" "${n%.count}" "${n%.count}.said"
    done
}

run_one() {
    case $1 in
    *=*) run_command "$1" ;;
    *) run_binary "$1" ;;
    esac
}

number=0
for test in "$@"; do
    while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
        wait -n
        finish
    done
    number=$((number + 1))
    out=$dir/$number
    run_one "$test" >"$out.said" 2>&1 &
done
wait
finish

cat "$dir"/*.blame 2>/dev/null
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
