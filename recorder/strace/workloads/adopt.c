/* Children of a thread pass to another thread of the process, then to a subreaper, then to init; each asks for its parent. */
#include "calls.h"

static void grandchild(int ms) {
    if (fork() == 0) {
        for (int i = 0; i < 4; i++) {
            syscall(SYS_getppid);
            nap(ms);
        }
        _exit(3);
    }
}

static void *forker(void *arg) {
    grandchild((int)(intptr_t)arg);
    return NULL;
}

static void *stays(void *arg) {
    nap(60);
    say("wait of the last thread", wait(NULL) > 0);
    return arg;
}

int main(void) {
    pthread_t t;
    for (int i = 0; i < 3; i++) {
        if (i == 1)
            prctl(PR_SET_CHILD_SUBREAPER, 1);
        if (i == 2)
            prctl(PR_SET_CHILD_SUBREAPER, 0);
        if (fork() == 0) {
            pthread_create(&t, NULL, forker, (void *)20);
            pthread_create(&t, NULL, forker, (void *)5);
            pthread_create(&t, NULL, stays, NULL);
            grandchild(40);
            pthread_exit(NULL);
        }
        while (wait(NULL) > 0)
            ;
    }
    return 0;
}
