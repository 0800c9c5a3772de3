# Handlers, ignored signals that survive exec, a shell that signals itself, and EXIT in subshells.
trap 'echo usr1 in $BASHPID' USR1
trap 'echo exit $BASHPID' EXIT
kill -USR1 $$
(trap 'echo sub exit' EXIT; kill -USR1 $BASHPID; true)
trap '' TERM
sh -c 'kill -TERM $$; echo survived'
trap - TERM
sh -c 'kill -TERM $$; echo not reached'; echo "term $?"
trap 'echo child gone' CHLD
sleep 0.05 & sleep 0.1 & wait
trap - CHLD
bash -c 'trap "exit 9" TERM; sleep 0.3 & wait' & p=$!
sleep 0.1
kill -TERM $p; wait $p; echo "handler $?"
sh -c 'trap "" INT; sh -c "kill -INT \$\$; echo ignored"'
bash -c 'ulimit -c 0; kill -SEGV $$'; echo "segv $?"
bash -c 'kill -KILL $$'; echo "kill $?"
