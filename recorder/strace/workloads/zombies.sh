# Parents that sleep instead of waiting; the table shows the zombies, their end lets init have them.
perl -e 'for (1..3) { fork or exit $_ } sleep 1' &
perl -e 'if (!fork) { fork or exit 5; sleep 1; exit 6 } sleep 1' &
bash -c 'sh -c "exit 7" & exec sleep 1' &
perl -e 'my $p = fork; if (!$p) { setpgrp; exit 8 } select undef, undef, undef, 0.1; print getpgrp($p) == $p ? "group of a zombie\n" : "?\n"; kill 0, -$p or print "gone\n"; waitpid $p, 0; kill(0, -$p) or print "gone now\n"'
sleep 0.3
ps -o pid,ppid,pgid,sid,stat,comm -A
wait
ps -o pid,ppid,pgid,sid,stat,comm -A
