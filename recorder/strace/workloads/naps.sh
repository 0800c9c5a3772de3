# Ends with a wait in which nothing happens: the last thing that a tracer sees when it is sent away.
sleep 1 & sleep 3 &
for i in 1 2 3 4 5; do sleep 0.1; (exit $i) & done
wait
