/* What the C workloads share: raw system calls that libc hides, a nap, and a line with a result and its errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLONE3_ARGS(...) ((struct clone_args){__VA_ARGS__})

static inline long clone3(struct clone_args args) {
    return syscall(SYS_clone3, &args, sizeof args);
}

/* A fork with these flags and this exit signal (0: none). */
static inline long fork_with(uint64_t flags, int sig) {
    return syscall(SYS_clone, flags | (unsigned)sig, 0, 0, 0, 0);
}

static inline void nap(int ms) {
    usleep(ms * 1000);
}

static inline long say(const char *what, long r) {
    if (r < 0)
        printf("%s: %s\n", what, strerrorname_np(errno));
    else
        printf("%s: %ld\n", what, r);
    fflush(stdout);
    return r;
}
