/* Namespaces made by clone, unshare and setns from one program, $1 deep; children of an init that dies; ENOMEM. */
#include "calls.h"
#include <sched.h>

static int ns_of(long p, const char *which) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/ns/%s", p, which);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void level(int depth) {
    say("I am", syscall(SYS_getpid));
    say("parent", syscall(SYS_getppid));
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            if (i && fork() == 0) {
                nap(20);
                syscall(SYS_getppid);
                _exit(0);
            }
            _exit(i);
        }
    if (depth > 0) {
        long p = fork_with(CLONE_NEWPID, SIGCHLD);
        if (p == 0) {
            level(depth - 1);
            _exit(depth);
        }
        say("made", p);
    }
    while (wait(NULL) > 0)
        ;
}

int main(int argc, char **argv) {
    level(argc > 1 ? atoi(argv[1]) : 2);
    long init = fork_with(CLONE_NEWPID, SIGCHLD);
    if (init == 0) {
        pause();
        _exit(0);
    }
    int inside = ns_of(init, "pid"), here = ns_of(getpid(), "pid");
    say("setns", setns(inside, CLONE_NEWPID));
    for (int i = 0; i < 3; i++) {
        long p = fork();
        if (p == 0) {
            say("inside", syscall(SYS_getpid));
            say("parent", syscall(SYS_getppid));
            say("setns up", setns(here, CLONE_NEWPID));
            if (i == 1)
                kill(1, SIGTERM);
            if (i == 2)
                pause();
            _exit(0);
        }
        say("fork", p);
        if (i < 2)
            waitpid(p, NULL, 0);
    }
    say("thread there", fork_with(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0));
    kill(init, SIGKILL);
    nap(50);
    say("after its init", fork());
    say("and again", fork());
    while (wait(NULL) > 0)
        ;
    say("once more", fork());
    say("back", setns(here, CLONE_NEWPID));
    long p = fork();
    if (p == 0)
        _exit(0);
    say("works", waitpid(p, NULL, 0) == p);
    say("unshare", unshare(CLONE_NEWPID));
    say("unshare twice", unshare(CLONE_NEWPID));
    p = fork();
    if (p == 0) {
        say("first", syscall(SYS_getpid));
        say("parent with CLONE_PARENT", fork_with(CLONE_PARENT, SIGCHLD));
        say("thread", fork_with(CLONE_PARENT | CLONE_THREAD | CLONE_SIGHAND, 0));
        if (fork() == 0)
            pause();
        _exit(0);
    }
    say("second", fork());
    if (getpid() == 1 || getppid() == 0)
        _exit(0);
    while (wait(NULL) > 0)
        ;
    say("third", fork());
    return 0;
}
