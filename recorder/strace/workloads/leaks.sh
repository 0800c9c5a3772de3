# Leaves processes behind in six ways and says which, one line each: `HOW NUMBER ...`, numbers of this namespace.
# The leftovers sleep
# for $1 seconds; the end of the command is that of this shell.
nap=$1

# A background child that outlives the command. (Its parent will be init.)
sleep $nap &
echo "background $! child of $$"

# A double fork: the middle process is gone, the grandchild has a new parent, but group and session as before.
perl -e '
  $| = 1; my $top = $$; pipe my $r, my $w;
  if (!fork) { if (my $p = fork) { syswrite $w, "$$ $p"; exit } sleep shift; exit }
  wait; sysread $r, my $s, 99; my ($middle, $p) = split / /, $s;
  print "double-fork $p by $middle\n"' $nap

# A daemon: fork, setsid, fork again; in a session whose leader is gone.
perl -e '
  use POSIX; $| = 1; pipe my $r, my $w;
  if (!fork) { setsid; if (my $p = fork) { syswrite $w, "$$ $p"; exit } sleep shift; exit }
  wait; sysread $r, my $s, 99; my ($session, $p) = split / /, $s;
  print "daemon $p in session $session\n"' $nap

# A zombie under a parent that sleeps.
perl -e '
  $| = 1; my $p = fork; exit 3 unless $p;
  select undef, undef, undef, 0.1; print "zombie $p under $$\n"; close STDOUT; sleep shift' $nap &
sleep 0.3

# A child in a nested namespace, whose init lives on: two numbers each, here and inside.
perl -e '
  $| = 1; syscall(272, 0x20000000) == 0 or die "unshare: $!";
  my $p = fork;
  if (!$p) { my $c = fork; if (!$c) { sleep shift } exec "sleep", shift }
  select undef, undef, undef, 0.1;
  my $children = do { local @ARGV = "/proc/$p/task/$p/children"; <> }; $children =~ s/\s//g;
  print "namespace $p init 1\nnamespace $children child 2\n"' $nap &
wait $!

# A group killed after a member left for a session, and another for a group, of its own.
set -m
bash -c 'sleep $0 & perl -e "use POSIX; fork and exit; setsid; print qq(missed \$\$ by setsid\n); exec sleep => shift" $0; set -m; sleep $0 & echo "missed $! by setpgid"; sleep $0' $nap & g=$!
sleep 0.4
set +m
kill -TERM -- -$g
wait $g
echo "group $g killed"
ps -o pid,ppid,pgid,sid,stat,comm -A
exit 0
