# COMMAND... -- TRACER...: starts the command, attaches the tracer when it is well under way, waits for both.
command=()
while [ "$1" != -- ]; do command+=("$1"); shift; done
shift
"${command[@]}" &
p=$!
sleep 0.15
"$@" -p $p
wait $p
echo "exit $?"
