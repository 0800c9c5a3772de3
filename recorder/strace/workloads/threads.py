# Threads that fork, run commands and wait, a thread pool, and a process that ends while threads live.
import concurrent.futures as cf
import os
import subprocess
import threading
import time


def run(n):
    return subprocess.run(['sh', '-c', f'exit {n}']).returncode


def fork(n):
    p = os.fork()
    if p == 0:
        os.getpid()
        os.getppid()
        os._exit(n)
    return os.waitstatus_to_exitcode(os.waitpid(p, 0)[1])


with cf.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(run, range(8))))
    print(list(pool.map(fork, range(8))))
ts = [threading.Thread(target=lambda: time.sleep(0.02)) for _ in range(6)]
for t in ts:
    t.start()
print(len({t.native_id for t in ts}))
for t in ts:
    t.join()
a = subprocess.Popen('sleep 5', shell=True, start_new_session=True)
b = subprocess.Popen(['sleep', '5'], process_group=0)
c = subprocess.Popen('cat | cat | cat', shell=True, stdin=subprocess.PIPE)
c.communicate(b'')
os.killpg(a.pid, 15)
b.kill()
print(a.wait(), b.wait(), c.returncode)
with cf.ProcessPoolExecutor(2) as pool:
    print(list(pool.map(abs, range(-5, 0))))
threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
