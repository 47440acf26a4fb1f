#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pure core asks the outside world for nothing but what is on this list: no I/O, clock, environment or threads.
# Usage: pure.sh libtold.a
set -eu
allowed='^(abort|free|malloc|calloc|realloc|qsort|bsearch|mem(cpy|move|set|cmp|chr|mem)|str(len|cmp|ncmp|casecmp|ncasecmp|casestr|chr|rchr|str|spn|cspn|pbrk|dup|ndup|nlen|tol|toll|toul|toull|cpy|ncpy|sep|tok_r|tod)|rawmemchr|stpcpy|v?snprintf|v?asprintf|__(stack_chk_fail|ctype_b_loc|ctype_tolower_loc|ctype_toupper_loc|isoc99_sscanf|assert_fail|v?snprintf_chk|v?asprintf_chk|mem(cpy|move|set)_chk|str(cpy|ncpy|cat|ncat)_chk)|sscanf|to(upper|lower)|is(digit|alpha|alnum|space|upper|lower|xdigit|print)|l?labs|json_.*|jansson_.*|XML_[A-Za-z]+|cmark_.*|ical(component|property|time|memory)_.*|crypto_(hash_sha256|auth_hmacsha256)(_init|_update|_final)?|sodium_(bin2hex|bin2base64|base642bin|memzero|memcmp|base64_encoded_len)|config_.*|_GLOBAL_OFFSET_TABLE_)$'
defined=$(nm --defined-only -g "$1" | awk 'NF == 3 { print $3 }' | sort -u)
outside=$(nm -u "$1" | awk 'NF == 2 { print $2 }' | sort -u | comm -23 - <(printf '%s\n' "$defined"))
bad=$(printf '%s\n' "$outside" | grep -Ev "$allowed" || true)
# Writable data would be a global. Constant tables of pointers are relocated once and then read-only (.data.rel.ro).
globals=$(objdump -t "$1" | awk '$NF !~ /^\./ && $0 ~ /[ \t](\.data|\.bss|\*COM\*)[ \t]/ { print $NF }' | sort -u)
if [ -n "$bad$globals" ]; then
    [ -z "$bad" ] || printf 'pure: lib/ needs what is not on the list: %s\n' $bad >&2
    [ -z "$globals" ] || printf 'pure: lib/ has writable data: %s\n' $globals >&2
    exit 1
fi
echo "pure: $(printf '%s\n' "$outside" | wc -l) outside symbols, all on the list; no writable data"
