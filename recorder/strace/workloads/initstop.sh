# An init stopped and continued from outside; a traced one can even stop itself.
unshare --pid --fork --mount-proc bash -c 'kill -STOP 1; echo went on; sleep 0.1 & sleep 0.2 & wait; exit 2' & u=$!
sleep 0.3
i=$(cat /proc/$u/task/$u/children)
kill -CONT $i; sleep 0.05
kill -STOP $i; ps -o pid,ppid,pgid,sid,stat,comm -A; kill -CONT $i
wait $u; echo $?
