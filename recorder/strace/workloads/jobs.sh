# Job control without a terminal: each job is a process group, moved by parent and child both.
set -m
sleep 0.2 & a=$!
sleep 5 | cat & b=$!
(sleep 5; sleep 5) & c=$!
jobs -p | wc -l
ps -o pid,ppid,pgid,sid,stat,comm
kill -STOP %2
wait $a; echo "a $?"
kill -CONT %2
kill %2; wait $b; echo "b $?"
kill -KILL -- -$c; wait $c; echo "c $?"
for i in 1 2 3; do sh -c "exit $i" & done
while wait -n; r=$?; [ $r != 127 ]; do echo "next $r"; done
sleep 9 & disown
d=$!
kill $d
set +m
sleep 3 & kill $!; wait
