# $1 short children, one after the other or $2 at a time, in a namespace that has few numbers.
i=0
while [ $i -lt "$1" ]; do
  j=0
  while [ $j -lt "${2:-1}" ]; do (:) & j=$((j + 1)); done
  wait
  i=$((i + j))
done
ps -o pid,ppid,pgid,sid,stat,comm -A
