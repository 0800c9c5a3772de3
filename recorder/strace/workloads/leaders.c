/* Leaders that end before their threads, threads that are killed, that wait for each other's children, or refuse to. */
#include "calls.h"

static int how;

static void *thread(void *arg) {
    int n = (int)(intptr_t)arg;
    syscall(SYS_gettid);
    nap(20 * n);
    if (how == 1 && n == 3)
        exit(5);
    if (how == 2 && n == 3)
        raise(SIGKILL);
    if (how == 3)
        syscall(SYS_exit, 7);
    return NULL;
}

static void *waiter(void *arg) {
    long p = (long)arg;
    say("__WNOTHREAD", waitpid(p, NULL, __WNOTHREAD | WNOHANG));
    say("a thread's sibling's child", waitpid(p, NULL, 0) == p);
    return NULL;
}

static void *forker(void *arg) {
    *(long *)arg = fork();
    if (*(long *)arg == 0) {
        nap(30);
        _exit(4);
    }
    return NULL;
}

int main(void) {
    pthread_t t;
    for (how = 0; how < 4; how++) {
        long p = fork();
        if (p == 0) {
            for (int i = 1; i <= 4; i++)
                pthread_create(&t, NULL, thread, (void *)(intptr_t)i);
            pthread_exit(NULL);
        }
        nap(10);
        say("zombie leader, threads alive", waitpid(p, NULL, WNOHANG));
        say("and still there", kill(p, 0));
        int status;
        waitpid(p, &status, 0);
        say("status", status);
    }
    long p = fork();
    if (p == 0) {
        nap(30);
        _exit(3);
    }
    pthread_create(&t, NULL, waiter, (void *)p);
    pthread_join(t, NULL);
    pthread_create(&t, NULL, forker, &p);
    pthread_join(t, NULL);
    say("child of a thread that is gone", waitpid(p, NULL, 0) == p);
    say("tgkill to a number that is none", syscall(SYS_tgkill, getpid(), 99999, 0));
    say("tkill to itself", syscall(SYS_tkill, syscall(SYS_gettid), 0));
    return 0;
}
