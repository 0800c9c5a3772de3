# Stopped and continued processes: by signals of each kind, whole groups, orphaned groups, waits that see or miss it.
import os
import signal
import time


def sleeper(*before):
    p = os.fork()
    if p == 0:
        for f in before:
            f()
        while True:
            signal.pause()
    time.sleep(0.03)
    return p


def stop(p, s):
    os.kill(p, s)
    q, w = os.waitpid(p, os.WUNTRACED)
    print('stopped', os.WSTOPSIG(w))


for s in signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU:
    p = sleeper(os.setpgrp)
    stop(p, s)
    os.kill(p, signal.SIGCONT)
    print('continued', os.WIFCONTINUED(os.waitpid(p, os.WCONTINUED)[1]))
    os.kill(p, signal.SIGSTOP)
    os.kill(p, signal.SIGKILL)
    print(os.waitpid(p, 0)[1])
p = sleeper(lambda: signal.signal(signal.SIGTSTP, lambda *_: os._exit(3)))
os.kill(p, signal.SIGTSTP)
print('caught', os.waitpid(p, os.WUNTRACED)[1])
p = sleeper(lambda: signal.signal(signal.SIGCONT, lambda *_: os._exit(4)))
stop(p, signal.SIGSTOP)
os.kill(p, signal.SIGTERM)
print('pending', os.waitpid(p, os.WNOHANG))
os.kill(p, signal.SIGCONT)
print(os.waitpid(p, 0)[1])
g = sleeper(os.setpgrp)
h = [sleeper(lambda: os.setpgid(0, g)) for _ in range(2)]
os.killpg(g, signal.SIGSTOP)
for _ in range(3):
    print(os.waitpid(-g, os.WUNTRACED)[1])
os.killpg(g, signal.SIGCONT)
for _ in range(3):
    print(os.waitpid(-g, os.WCONTINUED)[1])
os.killpg(g, signal.SIGKILL)
for _ in range(3):
    print(os.waitpid(-g, 0)[1])
# A stopped group whose last parent in the session ends gets SIGHUP and SIGCONT.
p = os.fork()
if p == 0:
    os.setsid()
    q = sleeper(os.setpgrp)
    r = os.fork()
    if r == 0:
        os.setpgid(0, q)
        signal.signal(signal.SIGHUP, lambda *_: os._exit(5))
        while True:
            signal.pause()
    time.sleep(0.05)
    os.kill(q, signal.SIGSTOP)
    time.sleep(0.05)
    os._exit(6)
print(os.waitpid(p, 0)[1])
time.sleep(0.1)
# One told twice before it is asked: only the last change is seen.
p = sleeper()
os.kill(p, signal.SIGSTOP)
time.sleep(0.02)
os.kill(p, signal.SIGCONT)
print(os.waitpid(p, os.WUNTRACED | os.WNOHANG), os.waitpid(p, os.WCONTINUED)[1])
os.kill(p, signal.SIGKILL)
os.wait()
