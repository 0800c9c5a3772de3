# Groups and sessions whose leaders are gone, and zombies, hold numbers while the namespace wraps around them.
pass() { i=0; while [ $i -lt "$1" ]; do (:); i=$((i + 1)); done; }
pass 30
setsid sh -c 'sleep 30 & sleep 30 &'
perl -e 'fork and exit; setpgrp; fork and exit; sleep 30'
perl -e 'fork or exit 3 for 1..3; sleep 30' &
perl -e 'use POSIX; if (!fork) { setsid; if (!fork) { setpgrp; if (!fork) { select undef, undef, undef, 30 } } exit } select undef, undef, undef, .2' &
sleep 0.3
ps -o pid,ppid,pgid,sid,stat,comm -A
pass 130
ps -o pid,ppid,pgid,sid,stat,comm -A
