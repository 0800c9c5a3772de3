# Pipelines, subshells, command and process substitution, a coprocess: what a shell forks without being asked.
seq 1 50 | grep 7 | sort -r | head -n 3
(echo in a subshell $BASHPID; (echo deeper $BASHPID))
a=$(echo one; $(echo echo two))
echo "$a"
diff <(seq 1 5) <(seq 2 6)
cat <(echo x | tr x y) - <<<'from a string'
coproc cat
echo to the coprocess >&"${COPROC[1]}"
eval "exec ${COPROC[1]}>&-"
cat <&"${COPROC[0]}"
wait
for i in 1 2 3; do echo $i; done | while read -r x; do echo "<$x>" | cat; done
set -o pipefail
false | true; echo "pipefail $?"
! sh -c 'exit 7'; echo "${PIPESTATUS[@]}"
yes | head -n 1
ps -o pid,ppid,pgid,sid,stat,comm
