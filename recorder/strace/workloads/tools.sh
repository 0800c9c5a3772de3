# Small programs that stand between a shell and the command: each makes a process, a group or a session in its own way.
timeout 0.1 sleep 5; echo "timeout $?"
timeout -s KILL 0.1 sleep 5; echo "timeout $?"
timeout --foreground 0.1 sleep 5; echo "timeout $?"
timeout -k 0.1 0.1 sh -c 'trap "" TERM; sleep 1'; echo "timeout $?"
timeout 5 sh -c 'exit 3'; echo "timeout $?"
setsid sh -c 'ps -o pid,ppid,pgid,sid,comm -p $$'
setsid -f sleep 0.2
setsid -w sh -c 'exit 6'; echo "setsid $?"
nohup sh -c 'kill -HUP $$; echo stays' 2>/dev/null
env -i PATH="$PATH" sh -c 'env | wc -l'
nice -n 5 sh -c true
flock lockfile sh -c 'echo locked'
stdbuf -o0 echo unbuffered
setpriv --pdeathsig KILL sleep 0.05
chroot / sh -c 'exit 4'; echo "chroot $?"
bash -c 'time sleep 0.01' 2>/dev/null
