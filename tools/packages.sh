#!/bin/sh
# packages.sh build|lint|peers: makes sure that the tools of that group are here. Installs what is missing with apt when it may,
# else prints the exact command. It looks for what is needed, not for package names, so other ways to install count too.
set -eu
PYTHON=${PYTHON:-python3}
missing=

need() { # need PACKAGE COMMAND...: COMMAND succeeds when the thing is there
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has_header() { printf '#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <setjmp.h>\n#include <%s>\n' "$1" | gcc -E -o /dev/null - ; }

missing_of() {
    missing=
    case $1 in
    build)
        need gcc command -v gcc
        need libc6-dev has_header stdlib.h
        need cmake command -v cmake
        need libsqlite3-dev has_header sqlite3.h
        need libcurl4-openssl-dev has_header curl/curl.h
        need libcmocka-dev has_header cmocka.h
        need openssl command -v openssl
        need python3-venv "$PYTHON" -c 'import ensurepip, venv'
        ;;
    lint)
        need clang-format-14 command -v clang-format-14
        need cppcheck command -v cppcheck
        ;;
    peers)
        need cargo command -v cargo
        ;;
    *)
        echo "usage: packages.sh build|lint|peers" >&2
        exit 64
        ;;
    esac
}

command -v "$PYTHON" >/dev/null 2>&1 || { echo "mutagen: needs Python 3.9 or newer as \`$PYTHON\`" >&2; exit 1; }
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 9))' || { echo "mutagen: $PYTHON is too old, the build needs Python 3.9 or newer" >&2; exit 1; }

missing_of "$1"
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "mutagen: missing here (Debian's names):$missing. Install them and try again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "mutagen: some packages are missing and this needs root. Run this, then try again:" >&2
    echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "mutagen: installing$missing" >&2
# shellcheck disable=SC2086
{
    $as_root apt-get update -q >"$log" 2>&1 &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >>"$log" 2>&1
} || {
    tail -n 20 "$log" >&2
    echo "mutagen: apt-get could not install:$missing" >&2
    exit 1
}
missing_of "$1"
[ -z "$missing" ] || { echo "mutagen: still missing after the installation:$missing" >&2; exit 1; }
