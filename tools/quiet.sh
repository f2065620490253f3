#!/bin/sh
# quiet.sh WHAT LOG COMMAND...: runs a command with its output in LOG; shows the end of the log only when the command fails.
set -u
what=$1 log=$2
shift 2
[ -n "$what" ] && echo "mutagen: $what" >&2
mkdir -p "$(dirname "$log")"
"$@" >"$log" 2>&1 </dev/null && exit 0
status=$?
tail -n 40 "$log" >&2
echo "mutagen: \`$*\` failed (whole output: $log)" >&2
exit "$status"
