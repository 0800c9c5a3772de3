/* Calls that fail, each in its way, between calls that do not: groups, sessions, signals, waits, pidfds, as root and not. */
#include "calls.h"

static long ready(void (*before)(void)) {
    int p[2];
    char c;
    if (pipe(p))
        exit(1);
    long pid = fork();
    if (pid == 0) {
        if (before)
            before();
        close(p[0]);
        close(p[1]);
        pause();
        _exit(0);
    }
    close(p[1]);
    if (read(p[0], &c, 1) < 0)
        exit(1);
    close(p[0]);
    return pid;
}

static void session(void) {
    setsid();
}

static void group(void) {
    setpgid(0, 0);
}

static void other(void) {
    if (setresuid(65534, 65534, 65534))
        _exit(1);
}

int main(void) {
    long plain = ready(NULL), own = ready(group), far = ready(session), weak = ready(other);
    long executed = fork();
    if (executed == 0)
        execl("/bin/sleep", "sleep", "20", NULL);
    nap(50);
    say("setpgid of an executed child", setpgid(executed, 0));
    say("setpgid of a session's leader", setpgid(far, 0));
    say("setpgid into another session", setpgid(plain, far));
    say("setpgid into no group", setpgid(plain, 12345));
    say("setpgid of no process", setpgid(12345, 0));
    say("setpgid of init", setpgid(1, 0));
    say("setpgid negative", setpgid(plain, -1));
    say("setpgid into a group", setpgid(plain, own) == 0 && getpgid(plain) == own);
    say("setpgid home", setpgid(plain, getpgrp()));
    say("getpgid of another session", getpgid(far) == far);
    say("getsid", getsid(far) == far);
    say("getpgid of none", getpgid(12345));
    say("getsid of none", getsid(12345));
    say("kill of none", kill(12345, SIGTERM));
    say("kill of no group", kill(-12345, SIGTERM));
    say("kill with no signal", kill(plain, 99));
    say("tgkill with another group", syscall(SYS_tgkill, getpid(), plain, 0));
    say("tkill", syscall(SYS_tkill, plain, 0));
    say("wait for no child", waitpid(12345, NULL, 0));
    say("wait for no group", waitpid(-12345, NULL, 0));
    say("waitid without options", waitid(P_ALL, 0, NULL, 0));
    say("wait with bad options", waitpid(-1, NULL, 0x100));
    siginfo_t info = {.si_code = SI_QUEUE};
    say("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, plain, SIGURG, &info));
    say("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, plain, plain, SIGURG, &info));
    long fd = say("pidfd_open", syscall(SYS_pidfd_open, plain, 0));
    say("pidfd_open of none", syscall(SYS_pidfd_open, 12345, 0));
    say("pidfd_open of 0", syscall(SYS_pidfd_open, 0, 0));
    say("pidfd_open with flags", syscall(SYS_pidfd_open, plain, 1));
    say("pidfd_send_signal", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
    say("that was", waitpid(plain, NULL, 0) == plain);
    say("pidfd_send_signal to none", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
    if (fork() == 0) {
        say("setsid", setsid() > 0);
        say("setsid again", setsid());
        say("setpgid of myself", setpgid(0, 0));
        _exit(0);
    }
    wait(NULL);
    if (fork() == 0) {
        setpgid(0, 0);
        say("setsid of a group's leader", setsid());
        long q = fork();
        if (q == 0) {
            setpgid(0, getppid());
            nap(50);
            _exit(0);
        }
        say("setpgid out of and into", setpgid(0, getpgid(getppid())));
        say("setsid with a group of my number", setsid());
        waitpid(q, NULL, 0);
        say("setsid without", setsid() > 0);
        _exit(0);
    }
    wait(NULL);
    if (fork() == 0) {
        other();
        say("kill as another user", kill(own, SIGTERM));
        say("kill of the same user", kill(weak, SIGUSR1));
        say("kill of a mixed group", kill(0, SIGURG));
        say("kill of a foreign group", kill(-own, SIGTERM));
        say("kill of init", kill(1, SIGTERM));
        say("setpgid of a sibling", setpgid(weak, 0));
        _exit(0);
    }
    while (wait(NULL) != weak)
        ;
    kill(own, SIGKILL);
    kill(far, SIGKILL);
    kill(executed, SIGKILL);
    while (wait(NULL) > 0)
        ;
    say("no children", wait(NULL));
    return 0;
}
