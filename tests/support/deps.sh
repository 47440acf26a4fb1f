#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what told is built and tested with, on Debian 12. Says nothing and needs no rights when nothing is missing.
#
#   tests/support/deps.sh [GROUP…]      groups: build (default), fuzz, lint, bench, cover
#
# Exit: 0 all there; 69 something is missing and cannot be installed here; 77 neither root nor sudo; else apt's own.
set -euo pipefail

readonly BUILD="build-essential pkg-config libzmq3-dev libpq-dev libcurl4-openssl-dev libconfig-dev libcmocka-dev
 libjansson-dev libexpat1-dev libcmark-dev libsodium-dev libsystemd-dev libsmartcols-dev libmicrohttpd-dev libssl-dev libical-dev
 libgmime-3.0-dev dovecot-imapd openssl
 postgresql-15 tzdata ca-certificates util-linux python3-aiosmtpd postfix nginx-light"
readonly FUZZ="clang libclang-rt-14-dev"
readonly LINT="clang-format"
readonly COVER="gcovr"
readonly BENCH="postfix nginx-light" # peers: smtp-sink and smtp-source, nginx

readonly POLICY=/usr/sbin/policy-rc.d
readonly CLUSTERS=/etc/postgresql-common/createcluster.conf
readonly MARK="# told: only while packages are installed"
readonly KEPT=.before-told

say() {
    echo "deps: $*" >&2
}

missing_of() {
    local name
    for name in "$@"; do
        # A package that was removed but not purged is known to dpkg and still missing.
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] || echo "$name"
    done
}

# put FILE MODE: stdin becomes FILE; what stood there is kept beside it, untouched, for put_back.
put() {
    if [ -e "$1" ] || [ -L "$1" ]; then
        mv "$1" "$1$KEPT"
    fi
    cat >"$1"
    chmod "$2" "$1"
}

has_kept() {
    [ -e "$POLICY$KEPT" ] || [ -e "$CLUSTERS$KEPT" ] || grep -qsxF "$MARK" "$POLICY" "$CLUSTERS"
}

# Also after a run that was killed: what it left is put back by the next.
put_back() {
    local file
    for file in "$POLICY" "$CLUSTERS"; do
        if [ -e "$file$KEPT" ] || [ -L "$file$KEPT" ]; then
            mv -f "$file$KEPT" "$file"
        elif [ -f "$file" ] && grep -qxF "$MARK" "$file"; then
            rm -f "$file"
        fi
    done
}

apt() {
    apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" >>"$log" 2>&1
}

apt_install() {
    apt install -y --no-install-recommends "$@" || {
        local code=$?
        cat "$log" >&2
        say "apt-get could not install: $*"
        exit "$code"
    }
}

# Debian's postgresql-15 makes a cluster and starts it, and other packages start services: told's tests use private
# clusters only, so nothing of that may happen to this machine.
install_all() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1
    log=$(mktemp)
    trap 'put_back; rm -f "$log"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    put_back
    [ $# -gt 0 ] || exit 0
    # 101: no service of any package is started.
    printf '%s\n' '#!/bin/sh' "$MARK" 'exit 101' | put "$POLICY" 755
    say "installing: $*"
    apt update || say "apt-get update failed (tail follows); trying with the lists there are: $(tail -n 2 "$log")"
    if [[ " $* " == *" postgresql-15 "* ]]; then
        # First alone: createcluster.conf is its file, so it is there to be kept and put back.
        apt_install postgresql-common
        printf '%s\n' "$MARK" 'create_main_cluster = false' | put "$CLUSTERS" 644
    fi
    apt_install "$@"
}

main() {
    local wanted="" group
    for group in "${@:-build}"; do
        case $group in
        build) wanted+=" $BUILD" ;;
        fuzz) wanted+=" $FUZZ" ;;
        lint) wanted+=" $LINT" ;;
        bench) wanted+=" $BENCH" ;;
        cover) wanted+=" $COVER" ;;
        *)
            say "no such group: $group (build, fuzz, lint, bench, cover)"
            exit 64
            ;;
        esac
    done
    local missing
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "no apt-get here: told is built on Debian 12. Install by hand what corresponds to:$wanted"
        exit 69
    fi
    # shellcheck disable=SC2086 # the lists are words
    missing=$(missing_of $wanted | tr '\n' ' ')
    [ -n "$missing" ] || has_kept || exit 0

    if [ "$(id -u)" = 0 ]; then
        # shellcheck disable=SC2086
        install_all $missing
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
        sudo -- bash "$0" "${@:-build}"
    else
        say "missing: $missing"
        say "needs root or a working sudo; as root: apt-get install --no-install-recommends $missing"
        exit 77
    fi
}

main "$@"
