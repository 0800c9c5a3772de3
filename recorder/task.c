/*
 * A task of the recording: it waits in its mailbox, carries out one system call, and waits again.
 *
 * A new task, process or thread, runs here on the stack of its own slot: no two tasks that are alive have one slot,
 * so none share a stack, whoever was cloned by whom. Everything is a raw system call, since threads made by clone3
 * have no thread-local storage of their own. See the Makefile for the flags that this needs.
 */
#include "shared.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STACK_SIZE 16384
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

struct shared *shared;
static char stacks[SLOTS][STACK_SIZE] __attribute__((aligned(64)));

static long call6(long nr, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long ret;
  __asm__ volatile("syscall"
                   : "=a"(ret)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return ret;
}

#define CALL(nr, a, b, c, d, e) call6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/* The new task starts on an empty stack, so it calls serve() from here and never sees this frame. */
static long clone_into(struct clone_args *args, long slot) {
  long ret;
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "xor %%ebp, %%ebp\n\t"
                   "mov %%rbx, %%rdi\n\t"
                   "call serve\n\t"
                   "1:"
                   : "=a"(ret)
                   : "a"(SYS_clone3), "D"(args), "S"(sizeof *args), "b"(slot)
                   : "rcx", "r11", "memory");
  return ret;
}

static long clone_task(struct mailbox *box, unsigned long flags) {
  struct clone_args args = {
    .flags = flags,
    .exit_signal = (unsigned long)box->arg[1],
    .stack = (unsigned long)stacks[box->new_slot],
    .stack_size = STACK_SIZE,
    .set_tid = box->set_tid_size ? (unsigned long)box->set_tid : 0,
    .set_tid_size = (unsigned long)box->set_tid_size,
  };
  return clone_into(&args, box->new_slot);
}

static long read_number(const char *path) {
  char text[24];
  long fd = CALL(SYS_open, path, O_RDONLY, 0, 0, 0), value = 0;
  if (fd < 0) return fd;
  long size = CALL(SYS_read, fd, text, sizeof text, 0, 0);
  CALL(SYS_close, fd, 0, 0, 0, 0);
  if (size < 0) return size;
  bool negative = text[0] == '-';
  for (long i = negative; i < size && text[i] >= '0' && text[i] <= '9'; i++) value = value * 10 + text[i] - '0';
  return negative ? -value : value;
}

static long write_number(const char *path, long value) {
  char text[24];
  int at = sizeof text;
  unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;
  do text[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) text[--at] = '-';
  long fd = CALL(SYS_open, path, O_WRONLY, 0, 0, 0);
  if (fd < 0) return fd;
  long ret = CALL(SYS_write, fd, text + at, sizeof text - (unsigned)at, 0, 0);
  CALL(SYS_close, fd, 0, 0, 0, 0);
  return ret < 0 ? ret : 0;
}

static long wait_id(struct mailbox *box) {
  siginfo_t info;
  for (unsigned i = 0; i < sizeof info / sizeof(int); i++) ((volatile int *)&info)[i] = 0;
  long ret = CALL(SYS_waitid, box->arg[0], box->arg[1], &info, box->arg[2] | WNOHANG, 0);
  box->info_signo = info.si_signo;
  box->info_pid = info.si_pid;
  box->info_code = info.si_code;
  box->info_status = info.si_status;
  return ret;
}

static long set_action(int sig, int ignore, unsigned long flags) {
  struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } action = { 0, flags, 0, 0 };
  if (ignore) action.handler = (void *)1;
  return CALL(SYS_rt_sigaction, sig, &action, 0, 8, 0);
}

static long set_ns(struct mailbox *box) {
  long fd = CALL(SYS_open, box->path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if ((box->failed_open = fd < 0)) return fd;
  long ret = CALL(SYS_setns, fd, CLONE_NEWPID, 0, 0, 0);
  CALL(SYS_close, fd, 0, 0, 0, 0);
  return ret;
}

/* A pidfd is made close-on-exec; its copy under the agreed number is not. */
static long open_pidfd(int pid, unsigned flags, int number) {
  long fd = CALL(SYS_pidfd_open, pid, flags, 0, 0, 0);
  if (fd < 0) return fd;
  long ret = CALL(SYS_dup3, fd, number, 0, 0, 0);
  CALL(SYS_close, fd, 0, 0, 0, 0);
  return ret < 0 ? ret : 0;
}

static long poll_pidfd(int fd) {
  struct pollfd poll = { .fd = fd, .events = POLLIN };
  long ret = CALL(SYS_poll, &poll, 1, 0, 0, 0);
  return ret < 0 ? ret : poll.revents;
}

static long exec(long slot) {
  char text[4] = { (char)('0' + slot / 10), (char)('0' + slot % 10), 0 };
  char *argv[] = { shared->program, "--serve", text, 0 };
  char *envp[] = { 0 };
  return CALL(SYS_execve, shared->program, argv, envp, 0, 0);
}

static long perform(long slot, struct mailbox *box) {
  const long *arg = box->arg;
  switch (box->op) {
    case OP_FORK: return clone_task(box, (unsigned long)arg[0]);
    case OP_THREAD: return clone_task(box, (unsigned long)arg[0] | THREAD_FLAGS);
    case OP_EXIT: return CALL(SYS_exit_group, arg[0], 0, 0, 0, 0);
    case OP_EXIT_THREAD: return CALL(SYS_exit, arg[0], 0, 0, 0, 0);
    case OP_KILL: return CALL(SYS_kill, arg[0], arg[1], 0, 0, 0);
    case OP_TGKILL: return CALL(SYS_tgkill, arg[0], arg[1], arg[2], 0, 0);
    case OP_WAITPID: return CALL(SYS_wait4, arg[0], &box->status, arg[1] | WNOHANG, 0, 0);
    case OP_WAITID: return wait_id(box);
    case OP_SETSID: return CALL(SYS_setsid, 0, 0, 0, 0, 0);
    case OP_GETPID: return CALL(SYS_getpid, 0, 0, 0, 0, 0);
    case OP_GETTID: return CALL(SYS_gettid, 0, 0, 0, 0, 0);
    case OP_GETPPID: return CALL(SYS_getppid, 0, 0, 0, 0, 0);
    case OP_SETPGID: return CALL(SYS_setpgid, arg[0], arg[1], 0, 0, 0);
    case OP_GETPGID: return CALL(SYS_getpgid, arg[0], 0, 0, 0, 0);
    case OP_GETSID: return CALL(SYS_getsid, arg[0], 0, 0, 0, 0);
    case OP_SUBREAPER: return CALL(SYS_prctl, PR_SET_CHILD_SUBREAPER, arg[0], 0, 0, 0);
    case OP_PDEATHSIG: return CALL(SYS_prctl, PR_SET_PDEATHSIG, arg[0], 0, 0, 0);
    case OP_SIGACTION: return set_action((int)arg[0], (int)arg[1], (unsigned long)arg[2]);
    case OP_UNSHARE: return CALL(SYS_unshare, CLONE_NEWPID, 0, 0, 0, 0);
    case OP_SETNS: return set_ns(box);
    case OP_SETNS_PIDFD: return CALL(SYS_setns, arg[0], CLONE_NEWPID, 0, 0, 0);
    case OP_NS_LAST_PID: return write_number("/proc/sys/kernel/ns_last_pid", arg[0]);
    case OP_GET_NS_LAST_PID: return read_number("/proc/sys/kernel/ns_last_pid");
    case OP_PID_MAX: return write_number("/proc/sys/kernel/pid_max", arg[0]);
    case OP_GET_PID_MAX: return read_number("/proc/sys/kernel/pid_max");
    case OP_PIDFD_OPEN: return open_pidfd((int)arg[0], (unsigned)arg[1], (int)arg[2]);
    case OP_PIDFD_SEND: return CALL(SYS_pidfd_send_signal, arg[0], arg[1], 0, arg[2], 0);
    case OP_PIDFD_POLL: return poll_pidfd((int)arg[0]);
    case OP_EXEC: return exec(slot);
    default: return -38;
  }
}

static void answer(struct mailbox *box, long ret) {
  box->ret = ret;
  __atomic_store_n(&box->reply, box->request, __ATOMIC_RELEASE);
}

_Noreturn void serve(long slot) {
  struct mailbox *box = &shared->box[slot];
  for (;;) {
    uint32_t seen = __atomic_load_n(&box->request, __ATOMIC_ACQUIRE);
    if (seen == box->reply) CALL(SYS_futex, &box->request, FUTEX_WAIT, seen, 0, 0);
    else answer(box, perform(slot, box));
  }
}

_Noreturn void serve_after_exec(int slot) {
  shared = (struct shared *)CALL(SYS_mmap, 0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD);
  answer(&shared->box[slot], 0);
  serve(slot);
}
