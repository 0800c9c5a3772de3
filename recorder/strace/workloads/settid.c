/* clone3 with chosen numbers: free, taken, too big, in two namespaces at once; and what fork gives next. */
#include "calls.h"

static long chosen(uint64_t flags, int n, pid_t a, pid_t b) {
    pid_t tids[2] = {a, b};
    long p = clone3(CLONE3_ARGS(.flags = flags, .exit_signal = SIGCHLD, .set_tid = (uintptr_t)tids, .set_tid_size = n));
    if (p == 0) {
        syscall(SYS_getpid);
        if (flags & CLONE_NEWPID)
            for (int i = 0; i < 3; i++)
                if (fork() == 0)
                    _exit(i);
        nap(20);
        _exit(0);
    }
    return say("chosen", p);
}

static void next(void) {
    long p = fork();
    if (p == 0)
        _exit(0);
    say("next", p);
    waitpid(p, NULL, 0);
}

int main(void) {
    next();
    chosen(0, 1, 250, 0);
    next();
    chosen(0, 1, 250, 0);
    chosen(0, 1, getpid(), 0);
    chosen(0, 1, 1, 0);
    chosen(0, 1, 0, 0);
    chosen(0, 1, -5, 0);
    chosen(0, 1, 99999999, 0);
    chosen(0, 1, 4194303, 0);
    next();
    while (wait(NULL) > 0)
        ;
    chosen(0, 1, 250, 0);
    chosen(0, 1, 251, 0);
    chosen(0, 1, 253, 0);
    next();
    while (wait(NULL) > 0)
        ;
    chosen(CLONE_NEWPID, 2, 1, 40);
    chosen(CLONE_NEWPID, 2, 2, 41);
    chosen(CLONE_NEWPID, 1, 1, 0);
    chosen(0, 2, 60, 61);
    while (wait(NULL) > 0)
        ;
    /* The very next number taken in advance: fork steps over it. */
    long p = say("fork", fork());
    if (p == 0)
        _exit(0);
    chosen(0, 1, p + 1, 0);
    chosen(0, 1, p + 2, 0);
    next();
    while (wait(NULL) > 0)
        ;
    next();
    return 0;
}
