/* Signals in quick succession while forking, waiting and pausing: interrupted calls of every kind. */
#include "calls.h"
#include <sys/time.h>

static volatile int alarms;

static void caught(int s) {
    (void)s;
    alarms++;
}

int main(int argc, char **argv) {
    (void)argv;
    struct sigaction act = {.sa_handler = caught, .sa_flags = argc > 1 ? SA_RESTART : 0};
    sigaction(SIGALRM, &act, NULL);
    struct itimerval every = {{0, 700}, {0, 700}};
    setitimer(ITIMER_REAL, &every, NULL);
    int failed = 0;
    for (int i = 0; i < 60; i++) {
        long p = fork();
        if (p == 0) {
            struct timespec t = {0, 1500000};
            nanosleep(&t, NULL);
            _exit(i % 8);
        }
        if (p < 0) {
            failed++;
            continue;
        }
        while (waitpid(p, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    every = (struct itimerval){0};
    setitimer(ITIMER_REAL, &every, NULL);
    printf("%s, %d failed\n", alarms ? "alarms" : "none", failed);
    return 0;
}
