# Joining a namespace from outside, again and again; then its init dies and nobody can be born there.
unshare --pid --fork --mount-proc sh -c 'sleep 3 & while :; do wait; done' & u=$!
sleep 0.2
i=$(cat /proc/$u/task/$u/children); i=${i% }
nsenter --target "$i" --pid --mount sh -c 'echo "inside $$ of $PPID"; sleep 0.05 & wait'
nsenter --target "$i" --pid sh -c 'exit 4'; echo $?
nsenter --target "$i" --pid --mount ps -o pid,ppid,pgid,sid,stat,comm -A
exec 9</proc/$i/ns/pid
nsenter --pid=/proc/self/fd/9 sh -c 'unshare --pid --fork sh -c "echo third level \$\$"'
kill -KILL "$i"; wait $u; echo "init gone $?"
nsenter --pid=/proc/self/fd/9 sh -c true; echo "no entry $?"
