/* Ends by signals: with and without a core file, from a thread, while blocked, after the handler is taken away. */
#include "calls.h"

static void *raiser(void *arg) {
    raise((int)(intptr_t)arg);
    return NULL;
}

int main(void) {
    int sigs[] = {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL, SIGQUIT, SIGTRAP, SIGSYS, SIGTERM, SIGPIPE, SIGKILL, SIGALRM, 34, 64};
    for (unsigned i = 0; i < sizeof sigs / sizeof *sigs; i++)
        for (int core = 0; core < 2; core++) {
            long p = fork();
            if (p == 0) {
                struct rlimit l = {core ? RLIM_INFINITY : 0, RLIM_INFINITY};
                setrlimit(RLIMIT_CORE, &l);
                if (i % 2) {
                    pthread_t t;
                    pthread_create(&t, NULL, raiser, (void *)(intptr_t)sigs[i]);
                    pthread_join(t, NULL);
                }
                raise(sigs[i]);
                _exit(0);
            }
            int status;
            waitpid(p, &status, 0);
            printf("%d: %d%s\n", sigs[i], WTERMSIG(status), WCOREDUMP(status) ? ", core" : "");
            fflush(stdout);
        }
    return 0;
}
