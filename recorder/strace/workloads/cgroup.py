# A control group with room for few tasks: a creation that fails there has used up a number.
import os
import signal


def fork():
    try:
        p = os.fork()
    except BlockingIOError as e:
        return e.strerror
    if p == 0:
        signal.pause()
    return p


for _ in range(4):
    made = [fork() for _ in range(15)]
    print(made)
    for p in made:
        if isinstance(p, int):
            os.kill(p, signal.SIGKILL)
            os.waitpid(p, 0)
