/* SIGCHLD ignored or SA_NOCLDWAIT: children vanish; set before, after and between; changed back; exec keeps "ignored". */
#include "calls.h"

static void caught(int s) {
    (void)s;
}

static void set(void (*handler)(int), int flags) {
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
    sigaction(SIGCHLD, &act, NULL);
}

static long child(int ms) {
    long p = fork();
    if (p == 0) {
        nap(ms);
        _exit(3);
    }
    return p;
}

static void waits(const char *what, long p) {
    printf("%s\n", what);
    say("WNOHANG", waitpid(p, NULL, WNOHANG) == p);
    say("wait", waitpid(p, NULL, 0) == p);
}

int main(int argc, char **argv) {
    if (argc > 1) { /* after exec */
        long p = child(10);
        waits("after exec", p);
        return 0;
    }
    long p = child(0);
    nap(20);
    waits("default", p);
    set(SIG_IGN, 0);
    p = child(0);
    nap(20);
    waits("ignored, dead", p);
    p = child(30);
    waits("ignored, alive", p);
    set(SIG_DFL, 0);
    p = child(0);
    nap(20);
    set(SIG_IGN, 0);
    waits("ignored too late", p);
    p = child(20);
    set(SIG_DFL, 0);
    waits("no longer ignored", p);
    set(SIG_DFL, SA_NOCLDWAIT);
    p = child(0);
    nap(20);
    waits("SA_NOCLDWAIT", p);
    set(caught, SA_NOCLDWAIT | SA_RESTART);
    p = child(20);
    waits("SA_NOCLDWAIT with handler", p);
    set(caught, SA_NOCLDSTOP | SA_RESTART);
    p = child(20);
    kill(p, SIGSTOP);
    nap(10);
    kill(p, SIGCONT);
    waits("SA_NOCLDSTOP", p);
    set(SIG_IGN, 0);
    for (int i = 0; i < 4; i++)
        child(10 * i);
    say("all", wait(NULL));
    signal(SIGUSR2, caught);
    p = fork_with(0, SIGUSR2);
    if (p == 0)
        _exit(4);
    say("ignored, but another exit signal", waitpid(p, NULL, __WALL) == p);
    if (fork() == 0) {
        set(SIG_IGN, 0);
        execl(argv[0], argv[0], "again", NULL);
    }
    wait(NULL);
    set(SIG_DFL, SA_NOCLDWAIT);
    execl(argv[0], argv[0], "again", NULL);
    return 1;
}
