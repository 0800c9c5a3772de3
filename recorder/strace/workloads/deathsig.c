/* PR_SET_PDEATHSIG: the parent exits, is killed, its forking thread ends; cleared by fork; set too late. */
#include "calls.h"

static int sig = SIGTERM;

static void child(void) {
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, sig);
        if (fork() == 0) { /* does not have it */
            nap(200);
            _exit(1);
        }
        nap(400);
        _exit(2);
    }
}

static void *forker(void *arg) {
    child();
    nap(50);
    return arg;
}

static void parent(int how) {
    long p = fork();
    if (p == 0) {
        pthread_t t;
        if (how == 2) {
            pthread_create(&t, NULL, forker, NULL);
            pthread_join(t, NULL);
            nap(100);
        } else
            child();
        nap(50);
        if (how == 1)
            raise(SIGKILL);
        exit(0);
    }
    waitpid(p, NULL, 0);
    say("parent done", how);
}

static void caught(int s) {
    (void)s;
}

int main(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    parent(0);
    parent(1);
    parent(2);
    sig = SIGKILL;
    parent(0);
    sig = SIGUSR1;
    signal(SIGUSR1, caught);
    parent(0);
    for (int status; wait(&status) > 0;)
        say(WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return 0;
}
