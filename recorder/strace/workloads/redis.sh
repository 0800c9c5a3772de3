# A daemon with threads that forks to save, driven by its own client.
redis-server --daemonize yes --port 0 --unixsocket "$PWD/r.sock" --dir "$PWD" --pidfile "$PWD/r.pid" --logfile /dev/null --save '' >/dev/null
for i in 1 2 3 4 5 6 7 8 9; do [ -S r.sock ] && break; sleep 0.1; done
redis-cli -s r.sock set k v
redis-cli -s r.sock bgsave; sleep 0.3
redis-cli -s r.sock bgrewriteaof; sleep 0.3
ps -o pid,ppid,pgid,sid,stat,comm -A
redis-cli -s r.sock shutdown nosave
sleep 0.2
