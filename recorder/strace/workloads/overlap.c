/*
 * Calls of several tasks at the same time, so that their lines in a log overlap: overlap SEED ROUNDS [threads | spaces].
 * Workers (processes, or threads of one process) fork children whose short lives race with the parent's next calls,
 * and meddle with each other's children through a shared table of numbers.
 */
#include "calls.h"
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { WORKERS = 4, RECENT = 64 };

static struct shared {
    atomic_int gate;           /* workers that stand at the gate, over all rounds */
    atomic_int next;           /* how many numbers were written to `recent` */
    _Atomic pid_t recent[RECENT];
} *shared;
static int rounds, spaces;
static unsigned first_seed;

struct worker {
    unsigned seed;
    int rounds;
};

static unsigned choose(unsigned *seed, unsigned n) {
    return (unsigned)rand_r(seed) / 7 % n;
}

/* Waits, busy, until all workers are here: their next calls begin together. */
static void meet(int round) {
    atomic_fetch_add(&shared->gate, 1);
    for (int spins = 0; atomic_load(&shared->gate) < (round + 1) * WORKERS && spins < 200000; spins++)
        if (spins % 64 == 63)
            sched_yield();
}

static pid_t some_number(unsigned *seed) {
    int n = atomic_load(&shared->next);
    return n ? atomic_load(&shared->recent[choose(seed, n < RECENT ? n : RECENT)]) : getpid();
}

static void publish(pid_t p) {
    atomic_store(&shared->recent[atomic_fetch_add(&shared->next, 1) % RECENT], p);
}

/* What a child does before it ends; nothing takes long. */
static void live(unsigned seed) {
    for (unsigned steps = choose(&seed, 4); steps; steps--)
        switch (choose(&seed, 9)) {
        case 0:
            execl("/bin/true", "true", NULL);
            break;
        case 1:
            setpgid(0, 0);
            break;
        case 2:
            setpgid(0, some_number(&seed));
            break;
        case 3:
            setsid();
            break;
        case 4: /* An orphan soon: does it still see its parent? */
            if (fork() == 0) {
                for (int i = 0; i < 3; i++)
                    syscall(SYS_getppid);
                _exit(1);
            }
            break;
        case 5:
            syscall(SYS_getpgid, 0);
            break;
        case 6:
            getsid(some_number(&seed));
            break;
        case 7:
            if (vfork() == 0)
                _exit(2);
            break;
        case 8:
            usleep(300);
            break;
        }
    _exit((int)choose(&seed, 256));
}

static void *work(void *arg) {
    struct worker *w = arg;
    unsigned *seed = &w->seed;
    for (int round = 0; round < w->rounds; round++) {
        meet(round);
        pid_t p = spaces && choose(seed, 4) == 0 ? (pid_t)fork_with(CLONE_NEWPID, SIGCHLD) : fork();
        if (p == 0)
            live(*seed + 1);
        if (p > 0)
            publish(p);
        for (unsigned steps = 1 + choose(seed, 4); steps; steps--) {
            pid_t q = choose(seed, 2) ? p : some_number(seed);
            if (q <= 1)
                continue;
            switch (choose(seed, 9)) {
            case 0:
                setpgid(q, 0);
                break;
            case 1:
                setpgid(q, p);
                break;
            case 2:
                kill(q, 0);
                break;
            case 3:
                kill(q, SIGKILL);
                break;
            case 4:
                kill(q, SIGSTOP);
                kill(q, SIGCONT);
                break;
            case 5:
                waitpid(q, NULL, WNOHANG);
                break;
            case 6:
                waitpid(-1, NULL, WNOHANG);
                break;
            case 7:
                getpgid(q);
                break;
            case 8:
                syscall(SYS_tgkill, q, q, SIGURG);
                break;
            }
        }
        if (choose(seed, 3) == 0)
            waitpid(-1, NULL, WNOHANG | WUNTRACED | WCONTINUED);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    first_seed = (unsigned)atoi(argv[1]);
    rounds = atoi(argv[2]);
    int threads = argc > 3 && !strcmp(argv[3], "threads");
    spaces = argc > 3 && !strcmp(argv[3], "spaces");
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct worker workers[WORKERS];
    pthread_t made[WORKERS];
    pid_t processes[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){first_seed * 1000 + (unsigned)i * 17, rounds};
        if (threads)
            pthread_create(&made[i], NULL, work, &workers[i]);
        else if ((processes[i] = fork()) == 0) {
            work(&workers[i]);
            while (i % 2 && wait(NULL) > 0)
                ;
            _exit(0); /* every second one leaves zombies and orphans */
        }
    }
    for (int i = 0; i < WORKERS; i++)
        if (threads)
            pthread_join(made[i], NULL);
        else
            waitpid(processes[i], NULL, 0);
    int ended = 0;
    while (wait(NULL) > 0)
        ended++;
    printf("seed %u: %d numbers published, %d children at the end\n", first_seed, atomic_load(&shared->next), ended);
    return 0;
}
