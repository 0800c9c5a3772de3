# The same kind of things in dash, which forks where bash does not, and the other way round.
i=0
while [ $i -lt 8 ]; do (exit $i) || r=$?; i=$((i + 1)); done
echo "last $r"
x=$(sh -c 'echo $PPID'); [ "$x" ] && echo parent known
sleep 0.1 & sleep 0.2 & wait; echo waited
sh -c 'exit 3' | cat; echo $?
{ sleep 0.05; echo group; } & wait $!
for f in a b c; do echo $f | sed s/a/z/; done
sleep 5 & kill -9 $!; wait $!; echo "killed $?"
(sleep 0.1 & sleep 0.1 & ) ; sleep 0.2
set -m; sleep 1 & kill %1; wait %1; echo "job $?"; set +m
trap 'echo hup' HUP; kill -HUP $$
eval 'sh -c "sh -c \"exit 4\""'; echo $?
exec sh -c 'echo replaced; sh -c true; exit 0'
