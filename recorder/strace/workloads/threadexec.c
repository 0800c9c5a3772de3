/* exec from the first thread, from another one, from the newest of many, and an exec that fails, each in a child. */
#include "calls.h"

static const char *program = "/bin/true";

static void *execute(void *arg) {
    nap(30);
    syscall(SYS_gettid);
    execl(program, program, "in place of all threads", NULL);
    say("exec", -1);
    return arg;
}

static void *sleeper(void *arg) {
    nap(5000);
    return arg;
}

static void child(int threads, int who) {
    pthread_t t;
    if (fork() == 0) {
        for (int i = 1; i < threads; i++)
            pthread_create(&t, NULL, i == who ? execute : sleeper, NULL);
        if (who == 0)
            execute(NULL);
        if (who < 0) {
            pthread_create(&t, NULL, execute, NULL);
            pthread_exit(NULL);
        }
        pthread_join(t, NULL);
        nap(50);
        exit(9);
    }
    int status;
    wait(&status);
    say("exit status", WEXITSTATUS(status));
}

int main(void) {
    child(1, 0);
    child(4, 0);
    child(2, 1);
    child(5, 1);
    child(5, 4);
    child(1, -1);
    child(3, -1);
    program = "/no/such/program";
    child(2, 1);
    program = "/bin/sh";
    child(3, 2);
    /* Two threads execute at once: only one gets there. */
    program = "/bin/true";
    if (fork() == 0) {
        pthread_t t;
        for (int i = 0; i < 4; i++)
            pthread_create(&t, NULL, execute, NULL);
        pthread_exit(NULL);
    }
    wait(NULL);
    /* A child of a thread that is no more is the new program's child too. */
    if (fork() == 0) {
        if (fork() == 0) {
            nap(100);
            _exit(3);
        }
        pthread_t t;
        program = "/bin/sh";
        pthread_create(&t, NULL, execute, NULL);
        pthread_join(t, NULL);
    }
    wait(NULL);
    return 0;
}
