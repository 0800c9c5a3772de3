/* Threads and processes use up the numbers of a small namespace together, several times around; then all of them. */
#include "calls.h"

static void *nothing(void *arg) {
    return arg;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 20;
    for (int i = 0; i < rounds; i++) {
        pthread_t t[3];
        for (int k = 0; k < 3; k++)
            pthread_create(&t[k], NULL, nothing, NULL);
        for (int k = 0; k < 2; k++)
            if (fork() == 0)
                _exit(k);
        for (int k = 0; k < 3; k++)
            pthread_join(t[k], NULL);
        while (wait(NULL) > 0)
            ;
    }
    if (argc < 3)
        return 0;
    long p, last = 0;
    int n = 0;
    while ((p = fork()) > 0)
        last = p, n++;
    if (p == 0) {
        pause();
        _exit(0);
    }
    say("full", p);
    say("last", last);
    say("full again", fork());
    kill(last, SIGKILL);
    say("killed", waitpid(last, NULL, 0) == last);
    p = fork();
    if (p == 0)
        pause();
    say("the one number", p == last);
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    int count = 0;
    while (wait(NULL) > 0)
        count++;
    say("ended", count == n);
    return 0;
}
