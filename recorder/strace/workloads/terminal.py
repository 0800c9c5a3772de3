# Job control on a terminal: foreground groups, a background reader and writer, Ctrl-C, Ctrl-Z, and the hangup.
import os
import pty
import signal
import time

script = b'''set -m
sleep 5
cat
cat &
wait
jobs
fg
stty tostop; echo out & sleep 0.1; jobs; fg
sleep 3 | sleep 3 &
bg
kill %1; wait
sleep 7 &
(trap '' HUP; sleep 0.3) &
sh -c 'trap "" HUP; setsid sleep 0.2 & exec sleep 6'
'''
pid, fd = pty.fork()
if pid == 0:
    os.execlp('bash', 'bash', '--norc', '-i')


def say(text, nap=0.15):
    os.write(fd, text)
    time.sleep(nap)
    try:
        os.read(fd, 65536)
    except OSError:
        pass


lines = script.splitlines(keepends=True)
say(lines[0])
say(lines[1])
say(b'\x03')
say(lines[2])
say(b'\x1a')
say(b'kill %1\n')
for line in lines[3:6]:
    say(line)
say(b'\x03')
say(b'fg\n')
say(b'\x04')
for line in lines[7:]:
    say(line, 0.2)
os.close(fd)
print(os.waitpid(pid, 0)[1])
time.sleep(0.4)
