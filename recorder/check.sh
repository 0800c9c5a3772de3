#!/usr/bin/env bash
# check.sh [FROM [TO [STEPS]]]: records each seed in every mix and with several limits, and replays all of it. Recordings
# that differ are kept. Exit status 0: every result and every state was equal. Needs what the recorder needs, and dist/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
from=${1:-1} to=${2:-5} steps=${3:-600}
folder=$(mktemp -d)
status=0
for seed in $(seq "$from" "$to"); do
  files=()
  for mix in basic ns threads all; do
    for pid_max in 301 400 32768; do
      file=$folder/$mix-$seed-$pid_max.jsonl
      ./recorder "$seed" "$steps" "$mix" "$pid_max" > "$file"
      files+=("$file")
    done
  done
  if node ../dist/cli/main.js replay --json "${files[@]}" > "$folder/report.json"; then
    rm "${files[@]}"
    echo "seed $seed: equal"
  else
    status=1
    echo "seed $seed: differs, see $folder"
    cp "$folder/report.json" "$folder/report-$seed.json"
  fi
done
rm -f "$folder/report.json"
[ $status = 0 ] && rmdir "$folder"
exit $status
