# Runs the shell workload $2 $1 times, with the rest as arguments: for a tracer that comes late.
n=$1 f=$2; shift 2
for k in $(seq "$n"); do . "./$f" "$@"; done
