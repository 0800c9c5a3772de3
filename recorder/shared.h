/*
 * What the controller and the tasks share: one mailbox per slot, in a memory file that survives fork and exec.
 *
 * A task serves the mailbox of its slot: it waits while `request` equals `reply`, performs one operation, writes
 * the result and then sets `reply` to `request`. A task that dies or stops inside its call leaves `reply` behind: that
 * is how the controller knows that no value came back.
 */
#ifndef SHARED_H
#define SHARED_H

#include <stdint.h>

#define SLOTS 48
#define PIDFDS_MAX 2048
#define SET_TID_MAX 16

/* Descriptors with fixed numbers: the memory file, and then one for each pidfd of the recording. */
#define SHARED_FD 10
#define PIDFD_BASE 64

enum op {
  OP_FORK, OP_THREAD, OP_EXIT, OP_EXIT_THREAD, OP_KILL, OP_TGKILL, OP_WAITPID, OP_WAITID, OP_SETSID, OP_GETPID,
  OP_GETTID, OP_GETPPID, OP_SETPGID, OP_GETPGID, OP_GETSID, OP_SUBREAPER, OP_PDEATHSIG, OP_SIGACTION, OP_UNSHARE,
  OP_SETNS, OP_SETNS_PIDFD, OP_NS_LAST_PID, OP_GET_NS_LAST_PID, OP_PID_MAX, OP_GET_PID_MAX, OP_PIDFD_OPEN,
  OP_PIDFD_SEND, OP_PIDFD_POLL, OP_EXEC, OPS
};

struct mailbox {
  uint32_t request, reply; /* `request` is the word that an idle task waits on */
  int op;
  long arg[4];             /* as the system call takes them; what they are is said in perform() */
  int new_slot;            /* fork, thread: the slot that the new task serves */
  int set_tid[SET_TID_MAX], set_tid_size;
  char path[64];           /* setns: the namespace file */
  long ret;                /* the call's value, or -errno */
  int failed_open;         /* setns: it was the file that could not be opened */
  int status;              /* wait4 */
  int info_signo, info_pid, info_code, info_status; /* waitid */
};

struct shared {
  struct mailbox box[SLOTS];
  char program[4096]; /* what exec runs */
};

extern struct shared *shared;

/* task.c: serves the mailbox of a slot until the task dies. Needs no libc and no thread-local storage. */
_Noreturn void serve(long slot);

/* task.c: what a program that exec started does first. */
_Noreturn void serve_after_exec(int slot);

#endif
