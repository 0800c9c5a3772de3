/*
 * recorder SEED STEPS MIX PID_MAX > FILE: records what a real Linux kernel does with random system calls.
 *
 * The controller stays outside the namespace that it records. It and all tasks are bound to one processor; the
 * tasks run under SCHED_FIFO, the controller does not. So it runs only when no task can, and a step has ended when it
 * is back.
 */
#define _GNU_SOURCE
#include "print.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PRIORITY 10
#define PATIENCE_MS 5000
#define NAP_US 200

static pid_t init;

_Noreturn void die(const char *what, ...) {
  va_list list;
  va_start(list, what);
  fflush(stdout);
  fprintf(stderr, "recorder: ");
  vfprintf(stderr, what, list);
  fprintf(stderr, "\n");
  if (init > 0) {
    kill(init, SIGKILL);
    waitpid(init, NULL, 0);
  }
  _exit(1);
}

static void must(bool ok, const char *what) {
  if (!ok) die("%s: %s", what, strerror(errno));
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static void bind_to_one_processor(void) {
  cpu_set_t set;
  must(!sched_getaffinity(0, sizeof set, &set), "sched_getaffinity");
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &set)) last--;
  CPU_ZERO(&set);
  CPU_SET(last, &set);
  must(!sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

static void share_memory(void) {
  int fd = memfd_create("recorder", 0);
  must(fd >= 0 && !ftruncate(fd, sizeof *shared), "memfd_create");
  must(dup2(fd, SHARED_FD) == SHARED_FD, "dup2");
  if (fd != SHARED_FD) close(fd);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);
  must(shared != MAP_FAILED, "mmap");
  must(readlink("/proc/self/exe", shared->program, sizeof shared->program - 1) > 0, "/proc/self/exe");
}

/* As far as is allowed: tasks and pending signals are few, and every pidfd has a number of its own. */
static void lift_limits(void) {
  struct rlimit limit;
  must(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  must(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  if (limit.rlim_cur < PIDFD_BASE + PIDFDS_MAX) die("too few open files allowed: raise ulimit -n");
}

static void write_pid_max(int pid_max) {
  FILE *file = fopen("/proc/sys/kernel/pid_max", "w");
  must(file != NULL, "pid_max");
  must(fprintf(file, "%d", pid_max) > 0 && !fclose(file), "pid_max (Linux before 6.14?)");
}

/* The init of the recording's namespace: slot 0. */
static _Noreturn void run_init(int pid_max) {
  struct sched_param param = { .sched_priority = PRIORITY };
  int null = open("/dev/null", O_RDWR);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  must(!mount("proc", "/proc", "proc", 0, NULL), "mounting /proc");
  must(setsid() == 1, "setsid");
  write_pid_max(pid_max);
  must(!sched_setscheduler(0, SCHED_FIFO, &param), "SCHED_FIFO");
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  if (null > 2) close(null);
  __atomic_store_n(&shared->box[0].reply, 1, __ATOMIC_RELEASE);
  serve(0);
}

static void start_init(int pid_max) {
  must(!unshare(CLONE_NEWNS | CLONE_NEWPID), "unshare");
  must(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "making mounts private");
  shared->box[0].request = 1;
  init = fork();
  must(init >= 0, "fork");
  if (!init) run_init(pid_max);
  int64_t end = now_ms() + PATIENCE_MS;
  for (; !__atomic_load_n(&shared->box[0].reply, __ATOMIC_ACQUIRE); usleep(NAP_US)) {
    if (waitpid(init, NULL, WNOHANG) > 0) exit(1);
    if (now_ms() > end) die("slot 0 does not start");
  }
}

static void look(const struct world *world, int by, struct state next[SLOTS], int step) {
  int64_t end = now_ms() + PATIENCE_MS;
  for (int running; (running = world_look(world, by, next)) >= 0; usleep(NAP_US)) {
    if (now_ms() > end) die("step %d never ends: slot %d still runs", step, running);
  }
}

static void post(const struct step *step) {
  struct mailbox *box = &shared->box[step->by];
  if (step->new_slot < SLOTS) shared->box[step->new_slot].request = shared->box[step->new_slot].reply = 0;
  box->op = step->op;
  box->ret = box->failed_open = 0;
  __atomic_store_n(&box->request, box->request + 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &box->request, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static enum outcome outcome_of(const struct step *step, const struct state next[SLOTS]) {
  const struct mailbox *box = &shared->box[step->by];
  if (box->reply == box->request) return RETURNED;
  return next[step->by].letter == 'T' ? STOPPED : DIED;
}

/* What a call that returned means for the book-keeping. True: it succeeded, so the picture must be taken again. */
static bool keep_books(struct generator *generator, struct world *world, const struct step *step, int number) {
  const struct mailbox *box = &shared->box[step->by];
  if (box->ret < 0) return false;
  if (step->op == OP_FORK) world_add(world, step->by, step->new_slot, false);
  if (step->op == OP_THREAD) world_add(world, step->by, step->new_slot, true);
  if (step->op == OP_EXEC) world_exec(world, step->by);
  if (step->op == OP_PIDFD_OPEN) world_opened(world, step->by, number);
  if (step->op == OP_PID_MAX && world->slot[step->by].state.level == 1) generator->pid_max = (int)box->arg[0];
  return true;
}

static void record_step(struct generator *generator, struct world *world, int number) {
  struct state next[SLOTS];
  bool changed[SLOTS];
  struct step step;
  choose(generator, world, &step);
  post(&step);
  look(world, step.by, next, number);
  enum outcome outcome = outcome_of(&step, next);
  if (outcome == RETURNED && keep_books(generator, world, &step, number)) look(world, step.by, next, number);
  print_step(world, number, &step, outcome);
  world_accept(world, next, changed);
  print_changed(next, changed);
}

static int mix_named(const char *name) {
  static const char *const names[MIXES] = { "basic", "ns", "threads", "all" };
  for (int i = 0; i < MIXES; i++) {
    if (!strcmp(name, names[i])) return i;
  }
  return -1;
}

int main(int argc, char **argv) {
  static struct world world;
  struct generator generator;
  if (argc == 3 && !strcmp(argv[1], "--serve")) serve_after_exec(atoi(argv[2]));
  int mix = argc == 5 ? mix_named(argv[3]) : -1;
  if (mix < 0) {
    fprintf(stderr, "usage: recorder SEED STEPS basic|ns|threads|all PID_MAX > FILE\n");
    return 2;
  }
  uint64_t seed = strtoull(argv[1], NULL, 10);
  int steps = atoi(argv[2]), pid_max = atoi(argv[4]);
  bind_to_one_processor();
  share_memory();
  lift_limits();
  start_init(pid_max);
  world_begin(&world);
  generator_begin(&generator, seed, mix, pid_max);
  print_header(seed, steps, mix, pid_max);
  for (int i = 0; i <= steps; i++) record_step(&generator, &world, i);
  print_end(&world, steps);
  must(!kill(init, SIGKILL) && waitpid(init, NULL, 0) == init, "ending the namespace");
  must(!fflush(stdout), "standard output");
  return 0;
}
