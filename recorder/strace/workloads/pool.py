# multiprocessing: fork, spawn and forkserver, a pool, a manager, and a child that is terminated.
import multiprocessing as mp
import os
import sys
import time


def square(x):
    return x * x


def nap(code):
    time.sleep(0.05)
    sys.exit(code)


if __name__ == '__main__':
    for method in sys.argv[1:]:
        ctx = mp.get_context(method)
        ps = [ctx.Process(target=nap, args=(n,)) for n in range(3)]
        for p in ps:
            p.start()
        for p in ps:
            p.join()
        print(method, [p.exitcode for p in ps])
        with ctx.Pool(3) as pool:
            print(pool.map(square, range(10)))
        p = ctx.Process(target=time.sleep, args=(10,))
        p.start()
        p.terminate()
        p.join()
        print('terminated', p.exitcode)
        if method == 'fork':
            with ctx.Manager() as m:
                d = m.dict()
                q = ctx.Process(target=d.update, args=({'pid': 1},))
                q.start()
                q.join()
                print(dict(d))
            os.system('exit 3')
