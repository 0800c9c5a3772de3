# perl's ways to have children: fork, system, backticks, pipes both ways, IGNORE, a handler that reaps, exec.
use POSIX ':sys_wait_h';
$| = 1;
my %left;
for my $n (1 .. 4) { my $p = fork // die; exit $n unless $p; $left{$p} = $n }
while ((my $p = wait) > 0) { printf "%d %d\n", $left{$p}, $? >> 8 }
print system('exit 5') >> 8, ' ', system('sh', '-c', 'kill -9 $$'), ' ', `echo ticks; exit 6`, $? >> 8, "\n";
open my $in, '-|', 'seq 3' or die; print <$in>; close $in;
open my $out, '|-', 'cat' or die; print $out "through\n"; close $out;
if (open my $self, '-|') { print <$self>; close $self } else { print "own child\n"; exit }
{ local $SIG{CHLD} = 'IGNORE'; fork or exit 7 for 1 .. 3; print 'ignored ', wait, "\n" }
my $reaped = 0;
$SIG{CHLD} = sub { $reaped++ while waitpid(-1, WNOHANG) > 0 };
for (1 .. 6) { fork // die or do { select undef, undef, undef, .02 * rand; exit } }
select undef, undef, undef, .05 while $reaped < 6;
print "reaped $reaped\n";
$SIG{CHLD} = 'DEFAULT';
my $p = fork;
if (!$p) { setpgrp 0, 0; exec 'sleep', '5' }
setpgrp $p, $p;
select undef, undef, undef, .1;
print 'late ', setpgrp($p, $$) ? 'yes' : "$!", "\n";
kill TERM => -$p; waitpid $p, 0; print "sig $?\n";
my $d = fork;
if (!$d) { fork and exit; setsid; fork and exit; select undef, undef, undef, .2; exit }
waitpid $d, 0;
exec 'sh', '-c', 'echo last; exit 8';
