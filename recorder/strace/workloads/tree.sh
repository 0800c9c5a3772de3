# A tree of shells, $1 levels of $2 children each, all started at once; the even ones do not wait for theirs.
if [ "$1" -gt 0 ]; then
  i=0
  while [ $i -lt "$2" ]; do sh tree.sh $(($1 - 1)) "$2" & i=$((i + 1)); done
  [ $(($$ % 2)) = 0 ] || wait
fi
exit "$1"
