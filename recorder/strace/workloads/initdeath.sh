# What a namespace's init survives, what it does not, and what goes with it.
unshare --pid --fork --mount-proc bash -c 'kill -TERM 1; kill -KILL 1; echo init lives; sleep 0.1 & wait'; echo $?
unshare --pid --fork --mount-proc bash -c 'trap "echo asked" TERM; sh -c "kill -TERM 1"; exit 3'; echo $?
unshare --pid --fork --mount-proc bash -c '(sleep 5 & sleep 5 & setsid sleep 5 &); (sleep 0.1 & exit 0); ps -o pid,ppid,pgid,sid,stat,comm -A; sleep 0.2; exit 5'; echo $?
unshare --pid --fork --kill-child --mount-proc bash -c 'sleep 5 & sleep 5 | cat & wait' & p=$!
sleep 0.3; kill -KILL $p; wait $p; echo $?
unshare --pid --fork --mount-proc bash -c 'sleep 5 & kill -KILL -1; sleep 0.1; ps -o pid,ppid,stat,comm -A'; echo $?
unshare --pid --fork --mount-proc sh -c 'unshare --pid --fork sh -c "sleep 5 & sleep 5 & sleep 5" & sleep 0.2; exit 6'; echo $?
