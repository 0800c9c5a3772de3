/* Children with another exit signal or none, of the caller's parent, sharing memory; and waits that see some of them. */
#include "calls.h"

static char stack[65536];

static int quick(void *arg) {
    return (int)(intptr_t)arg;
}

static void on_signal(int sig, siginfo_t *info, void *context) {
    (void)sig, (void)info, (void)context;
}

static long child(uint64_t flags, int sig, int code) {
    long p = fork_with(flags, sig);
    if (p == 0) {
        syscall(SYS_getppid);
        _exit(code);
    }
    return say("child", p);
}

int main(void) {
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR2, &act, NULL);
    sigaction(SIGCHLD, &act, NULL);
    sigaction(35, &act, NULL);
    int options[] = {0, __WCLONE, __WALL};
    int sigs[] = {SIGCHLD, SIGUSR2, 0, 35, SIGURG};
    for (int s = 0; s < 5; s++)
        for (int o = 0; o < 3; o++) {
            long p = child(0, sigs[s], 3);
            nap(10);
            say("wait", waitpid(p, NULL, options[o] | WNOHANG));
            say("then", waitpid(p, NULL, __WALL));
        }
    long p = clone3(CLONE3_ARGS(.exit_signal = 0));
    if (p == 0)
        _exit(4);
    say("clone3 without signal", waitpid(p, NULL, __WALL) == p);
    for (int i = 0; i < 3; i++) {
        p = fork_with(0, SIGCHLD);
        if (p == 0) {
            /* The grandchild is its grandparent's: a sibling. */
            long q = fork_with(CLONE_PARENT, SIGUSR2);
            if (q == 0) {
                syscall(SYS_getppid);
                nap(20);
                _exit(5);
            }
            say("no child of its creator", waitpid(q, NULL, __WALL));
            _exit(6);
        }
        say("one", wait(NULL) > 0);
        say("two", waitpid(-1, NULL, __WALL) > 0);
    }
    p = clone(quick, stack + sizeof stack, CLONE_VM | CLONE_FILES | SIGCHLD, (void *)7);
    say("sharing memory", waitpid(p, NULL, 0) == p);
    p = clone(quick, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGUSR2, (void *)8);
    say("sharing memory, other signal", waitpid(p, NULL, __WCLONE) == p);
    int fd = -1;
    p = clone3(CLONE3_ARGS(.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD));
    if (p == 0)
        _exit(9);
    siginfo_t info;
    say("by pidfd", waitid(P_PIDFD, fd, &info, WEXITED));
    /* An exec makes the exit signal SIGCHLD again. */
    p = fork_with(0, SIGUSR2);
    if (p == 0)
        execl("/bin/true", "true", NULL);
    nap(50);
    say("after exec", waitpid(p, NULL, 0) == p);
    p = fork_with(0, 99);
    if (p == 0)
        _exit(10);
    say("a signal that does not exist, by clone", p);
    say("and by clone3", clone3(CLONE3_ARGS(.exit_signal = 99)));
    say("thread without sighand", fork_with(CLONE_THREAD, 0));
    say("sighand without vm", fork_with(CLONE_SIGHAND, SIGCHLD));
    say("new namespace for a thread", fork_with(CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0));
    p = fork_with(CLONE_NEWPID | CLONE_PARENT, SIGCHLD);
    if (p == 0)
        _exit(11);
    say("new namespace and parent", p > 0);
    nap(20);
    while (waitpid(-1, NULL, __WALL) > 0)
        ;
    return 0;
}
