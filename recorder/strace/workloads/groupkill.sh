# Signals to groups: the own one, another one, one of a leader long gone; and with `all` as argument, to everything.
setsid bash -c 'sleep 5 & sleep 5 & trap "echo own" TERM; kill -TERM 0; wait; echo left'
setsid bash -c 'sleep 5 | sleep 5 | sleep 5 & echo $$ >leader; sleep 5' &
sleep 0.2
ps -o pid,ppid,pgid,sid,stat,comm -A
kill -TERM -- "-$(cat leader)"; wait $!; echo "group $?"
setsid bash -c 'sleep 5 & sleep 5 & echo $$ >leader'
g=$(cat leader)
kill -0 -- "-$g" && echo group without leader
kill -KILL -- "-$g"; sleep 0.1
kill -0 -- "-$g" 2>/dev/null || echo group gone
set -m
(sleep 5; true) & p=$!
perl -e "setpgrp 0, $p or die; sleep 5" & q=$!
perl -e "use POSIX; setpgid(0, $p) or die; kill 'USR1', 0; sleep 5"; echo "joined $?"
wait $p $q
set +m
if [ "$1" = all ]; then
  sleep 5 & sleep 5 &
  setsid sleep 5 &
  sleep 0.1
  trap 'echo caught' TERM
  kill -TERM -1; wait; ps -o pid,ppid,stat,comm -A
fi
