#!/bin/sh
# Every check that is not a test: format, layers, style, static analysis, our Python. Goes on after a finding; fails at the end.
set -u
cd "$(dirname "$0")/.."
bad=0
step() { # step NAME COMMAND...: its output is shown only when it fails
    name=$1
    shift
    if out=$("$@" 2>&1); then
        echo "lint: $name ok"
    else
        bad=1
        echo "$out" | head -n 60
        echo "lint: $name FAILED"
    fi
}
format() { git ls-files -z --cached --others --exclude-standard 'src/*.[ch]' 'tests/*.[ch]' 'tools/*.[ch]' | xargs -0 clang-format-14 --dry-run -Werror; }
python_files() { git ls-files -z --cached --others --exclude-standard '*.py' | xargs -0 "$@"; }
analysis() {
    cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem --suppress=internalAstError --suppress=legacyUninitvar -D_GNU_SOURCE -DMG_VERSION='""' \
        --include=tools/cppcheck.h -Isrc src
}
step "format (make format repairs it)" format
step layers python3 tools/check_layers.py .
step style python3 tools/check_style.py .
step cppcheck analysis
step pyflakes python_files build/venv/bin/python -m pyflakes
step dockerfile build/container/bin/hadolint Dockerfile
step workflow build/container/bin/zizmor --offline -q .github/workflows
exit $bad
