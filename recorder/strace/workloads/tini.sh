# tini, an init for containers: as subreaper, forwarding signals, and to the whole group.
tini -s -- sh -c 'sleep 0.1 & exit 3'; echo $?
tini -s -- bash -c '(sleep 0.1 & exit 0); (sleep 0.2 & exit 0); sleep 0.3'; echo $?
tini -s -g -- bash -c 'trap "exit 5" TERM; sleep 3 & sleep 3 & wait' & p=$!
sleep 0.2; kill -TERM $p; wait $p; echo $?
tini -s -p SIGKILL -- sleep 0.05; echo $?
tini -s -- sh -c 'setsid sh -c "sleep 0.1 &"; ps -o pid,ppid,pgid,sid,stat,comm -A; sleep 0.2'
