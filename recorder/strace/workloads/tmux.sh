# A terminal server: daemon, sessions, a terminal for each window, and everything hung up at the end.
t() { tmux -f /dev/null -S "$PWD/t.sock" "$@"; }
t new-session -d -x 80 -y 24 'sh -c "sleep 0.2; exit 3"; sleep 5'
t split-window 'trap "" HUP; sleep 0.8 & sleep 5'
t new-window 'sleep 0.1 | cat'
t list-panes -a | wc -l
sleep 0.4
ps -o pid,ppid,pgid,sid,stat,comm -A
t send-keys -t 0.1 C-c
t kill-session
sleep 0.6
ps -o pid,ppid,pgid,sid,stat,comm -A
