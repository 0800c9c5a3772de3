# Runs a command as a child: under `strace -D` process 1 is the tracer's parent, and would wait for it forever.
"$@"
echo "exit $?"
