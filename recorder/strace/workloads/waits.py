# Every way to wait: by number, any, group, pidfd; not blocking, leaving the zombie, for stops and continues.
import ctypes
import os
import signal
import time

libc = ctypes.CDLL(None, use_errno=True)


def child(code, before=None):
    p = os.fork()
    if p == 0:
        if before:
            before()
        os._exit(code)
    return p


def tried(f, *args):
    try:
        r = f(*args)
        return (r.si_pid, r.si_code, r.si_status) if hasattr(r, 'si_pid') else r
    except OSError as e:
        return e.strerror


for n in range(3):
    child(n)
for _ in range(4):
    print(tried(os.wait))
a = child(4, lambda: time.sleep(0.1))
print(tried(os.waitpid, a, os.WNOHANG))
print(tried(os.waitid, os.P_PID, a, os.WEXITED | os.WNOHANG))
print(tried(os.waitid, os.P_PID, a, os.WEXITED | os.WNOWAIT))
print(tried(os.waitid, os.P_ALL, 0, os.WEXITED | os.WNOWAIT))
print(tried(os.waitpid, a, 0))
print(tried(os.waitpid, a, 0))
b = child(5, os.setpgrp)
time.sleep(0.05)
print(tried(os.waitpid, 0, os.WNOHANG))
print(tried(os.waitid, os.P_PGID, b, os.WEXITED | os.WNOWAIT))
print(tried(os.waitpid, -b, 0))
print(tried(os.waitpid, -b, 0))
c = child(6, signal.pause)
fd = os.pidfd_open(c)
print(tried(os.waitid, os.P_PIDFD, fd, os.WEXITED | os.WNOHANG))
signal.pidfd_send_signal(fd, signal.SIGSTOP)
print(tried(os.waitid, os.P_PIDFD, fd, os.WSTOPPED))
print(tried(os.waitid, os.P_PID, c, os.WSTOPPED | os.WNOHANG))
os.kill(c, signal.SIGCONT)
print(tried(os.waitid, os.P_PID, c, os.WCONTINUED))
os.kill(c, signal.SIGSTOP)
print(os.waitpid(c, os.WUNTRACED)[1])
os.kill(c, signal.SIGCONT)
print(os.waitpid(c, os.WCONTINUED)[1])
signal.pidfd_send_signal(fd, signal.SIGTERM)
print(tried(os.waitid, os.P_PIDFD, fd, os.WEXITED))
print(tried(signal.pidfd_send_signal, fd, 0))
print(tried(os.pidfd_open, c))
print(tried(os.waitpid, 1, 0), tried(os.waitpid, -999, 0), tried(os.kill, 999, 0))
d = child(7)
print(os.wait3(0)[1], tried(os.wait4, d, 0))
signal.signal(signal.SIGALRM, lambda *_: None)
e = child(8, lambda: time.sleep(0.3))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
print(os.waitpid(e, 0)[1])
signal.setitimer(signal.ITIMER_REAL, 0)
f = [child(n, lambda: time.sleep(0.05)) for n in range(4)]
while True:
    r = tried(os.waitpid, -1, os.WNOHANG)
    if isinstance(r, str):
        break
    if r == (0, 0):
        time.sleep(0.02)
    else:
        f.remove(r[0])
print(f)
