# Many short jobs at once: $1 of them, in $2 shells side by side.
for k in $(seq 1 "$2"); do
  (for i in $(seq 1 $(($1 / $2))); do sleep 0 & done; wait) &
done
wait
echo done
