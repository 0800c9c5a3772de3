# $1 namespaces inside each other; at each level some children, and from above a look at all numbers.
in_new() { unshare --pid --fork --kill-child --mount-proc bash nest.sh "$1" inner; }
sh -c 'exit 1' & sleep 0.05 & wait
if [ "$1" -gt 0 ]; then
  in_new $(($1 - 1)) & p=$!
  sleep 0.3
  [ "$2" ] || { ps -o pid,ppid,pgid,sid,stat,comm -A; grep -h NSpid /proc/[0-9]*/status; }
  wait $p; echo "level $1 ended $?"
else
  sleep 0.6 & (sleep 0.1 & exit 0); setsid sleep 0.1
  ps -o pid,ppid,pgid,sid,stat,comm -A
  exec 1>&-
  exit 7
fi
