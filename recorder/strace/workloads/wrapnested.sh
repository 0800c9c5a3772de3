# Two namespaces wrap around, each with its own limit: the inner one's 320, the outer one's what the recording gave it.
unshare --pid --fork --kill-child --mount-proc sh -c 'echo 320 >/proc/sys/kernel/pid_max; exec dash wrap.sh 350 3' &
dash wrap.sh 100 2
wait
(:); (:)
dash wrap.sh 20
