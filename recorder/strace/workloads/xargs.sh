# xargs -P, find -exec in both forms, and a directory walk that forks per file.
mkdir -p tree/a/b tree/c
for i in 1 2 3 4 5 6; do echo $i >tree/a/$i; echo $i >tree/c/$i; done
find tree -type f -exec cat {} \; | sort | uniq -c
find tree -type f -exec sh -c 'echo $# files' sh {} +
find tree -name '[1-3]' -execdir wc -c {} \;
seq 1 12 | xargs -n 1 -P 4 sh -c 'exit 0'
seq 1 9 | xargs -n 2 -P 3 sh -c 'sleep 0.0$1; echo $@' sh | sort
seq 1 4 | xargs -n 1 -P 2 sh -c 'exit 255'; echo "xargs $?"
find tree -type f -print0 | xargs -0 -P 2 -n 4 grep -c . | wc -l
