# Subreapers: one, one below another, one that dies, one that is turned off, and orphans that come to each.
import ctypes
import os
import time

libc = ctypes.CDLL(None)
PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37


def reaper(on):
    libc.prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0)


def orphan(code, nap=0.05):
    p = os.fork()
    if p == 0:
        if os.fork() == 0:
            time.sleep(nap)
            os.getppid()
            os._exit(code)
        os._exit(0)
    os.waitpid(p, 0)


def all_waited():
    n = 0
    try:
        while True:
            os.wait()
            n += 1
    except ChildProcessError:
        return n


reaper(1)
on = ctypes.c_int()
libc.prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(on), 0, 0, 0)
print('on', on.value)
orphan(1)
orphan(2)
print('came here', all_waited())
p = os.fork()
if p == 0:
    reaper(1)
    orphan(3, 0.2)
    orphan(4)
    time.sleep(0.1)
    os._exit(0)
print('and those of a subreaper that died', all_waited())
p = os.fork()
if p == 0:
    libc.prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(on), 0, 0, 0)
    print('inherited', on.value, flush=True)
    orphan(5)
    orphan(6)
    os._exit(all_waited())
print(all_waited())
reaper(0)
orphan(7)
time.sleep(0.1)
print('off', all_waited())
reaper(1)
os.system('setsid sh -c "sleep 0.1 & sleep 0.2 & exit 0"')
print('of a shell', all_waited())
