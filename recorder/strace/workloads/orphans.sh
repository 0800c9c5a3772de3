# Children that outlive their parents, by one, two and three generations; who is asked for the parent, and when.
sh -c 'sh -c "sleep 0.2; echo orphan of \$PPID >/dev/null" & exit 0'
perl -e 'exit if fork; exit if fork; select undef, undef, undef, 0.2; print getppid, "\n"'
perl -e 'use POSIX; exit if fork; setsid; exit if fork; select undef, undef, undef, 0.2; print getppid, "\n"'
bash -c '(sleep 0.3 & sleep 0.4 & exit 0) & wait'
perl -e 'my $p = getppid; if (!fork) { my $q = getppid; select undef, undef, undef, 0.1 while getppid == $q; print "changed\n" } else { select undef, undef, undef, 0.15 }'
sh -c 'kill -9 $$ & sleep 0.3' ; echo $?
ps -o pid,ppid,pgid,sid,stat,comm -A
sleep 0.5
ps -o pid,ppid,pgid,sid,stat,comm -A
