# A user who may have only so many processes: fork and threads fail with EAGAIN and use no number.
import os
import resource
import signal
import threading

os.setresuid(65534, 65534, 65534)
resource.setrlimit(resource.RLIMIT_NPROC, (6, 6))


def fork():
    try:
        p = os.fork()
    except BlockingIOError as e:
        return e.strerror
    if p == 0:
        signal.pause()
    return p


for _ in range(3):
    made = [fork() for _ in range(9)]
    print(made)
    for p in made:
        if isinstance(p, int):
            os.kill(p, signal.SIGTERM)
            os.waitpid(p, 0)
stop = threading.Event()
threads = []
try:
    while True:
        t = threading.Thread(target=stop.wait)
        t.start()
        threads.append(t)
except RuntimeError as e:
    print(len(threads), e)
stop.set()
for t in threads:
    t.join()
print(os.spawnlp(os.P_WAIT, 'true', 'true'))
