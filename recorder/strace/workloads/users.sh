# Other users: programs that change it, signals refused, and a child that may no longer be signalled.
runuser -u nobody -- sh -c 'kill -TERM $PPID; echo "refused $?"; sleep 0.05 & wait' 2>/dev/null
setpriv --reuid nobody --clear-groups sh -c 'kill -TERM 1 2>/dev/null; echo "refused $?"; kill -0 -1 2>/dev/null; echo "all $?"'
setpriv --reuid nobody --clear-groups sleep 5 & p=$!
sleep 0.1
kill -HUP $p; wait $p; echo $?
setpriv --reuid 1234 --clear-groups bash -c 'sleep 5 & setsid sleep 5 & sleep 0.1; kill -TERM -1; wait; echo "all mine"'
su nobody -s /bin/sh -c 'exit 5'; echo $?
