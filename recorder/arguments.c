/* Random arguments for an operation that has been chosen. */
#include "choices.h"
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* fork and thread */

static void choose_set_tid(struct generator *generator, struct mailbox *box, const struct slot *caller) {
  int depth = caller->state.level + (box->arg[0] & CLONE_NEWPID ? 1 : 0);
  box->set_tid_size = 0;
  if (!chance(generator, 9)) return;
  box->set_tid_size = chance(generator, 30) ? 1 + below(generator, depth) : 1;
  if (chance(generator, 8)) box->set_tid_size = SET_TID_MAX;
  for (int i = 0; i < box->set_tid_size; i++) {
    int limit = chance(generator, 70) ? 420 : 40000;
    box->set_tid[i] = chance(generator, 30) ? PICK(generator, 1, 1, 1, 2, 3, 300, 0) : 1 + below(generator, limit);
  }
  if (box->arg[0] & CLONE_NEWPID && chance(generator, 60)) box->set_tid[0] = 1;
}

static void choose_clone(struct generator *generator, const struct world *world, struct step *step) {
  struct mailbox *box = &shared->box[step->by];
  const struct slot *caller = &world->slot[step->by];
  bool namespaces = generator->mix == MIX_NS || generator->mix == MIX_ALL, thread = step->op == OP_THREAD;
  int signals[] = { 17, 17, 17, 17, 17, 17, 17, 17, 17, 0, 10, 10, 1, chance(generator, 15) ? 77 : 17 };
  step->newpid = namespaces && caller->state.level < DEPTH && chance(generator, thread ? 4 : 16);
  step->parent = chance(generator, thread ? 3 : 7);
  box->arg[0] = (step->newpid ? CLONE_NEWPID : 0) | (step->parent ? CLONE_PARENT : 0);
  box->arg[1] = pick(generator, signals, COUNT(signals));
  if (thread ? !chance(generator, 2) : step->parent && chance(generator, 80)) box->arg[1] = 0;
  choose_set_tid(generator, box, caller);
  box->new_slot = step->new_slot;
}

/* waiting */

static int wait_flags(struct generator *generator) {
  int flags = 0;
  if (chance(generator, 18)) flags |= __WALL;
  if (chance(generator, 6)) flags |= __WCLONE;
  if (chance(generator, 8)) flags |= __WNOTHREAD;
  return flags;
}

static void choose_waitpid(struct generator *generator, const struct world *world, int by) {
  struct mailbox *box = &shared->box[by];
  int roll = below(generator, 100), options = wait_flags(generator);
  if (chance(generator, 35)) options |= PICK(generator, WUNTRACED, WUNTRACED, WCONTINUED, WUNTRACED | WCONTINUED);
  if (chance(generator, 2)) options |= PICK(generator, WEXITED, WNOWAIT);
  box->arg[1] = options;
  if (roll < 62) box->arg[0] = -1;
  else if (roll < 72) box->arg[0] = 0;
  else if (roll < 86) box->arg[0] = some_number(generator, world, by);
  else if (roll < 99) box->arg[0] = -some_group(generator, world, by);
  else box->arg[0] = -2147483647 - 1;
}

static void choose_waitid(struct generator *generator, const struct world *world, struct step *step) {
  struct mailbox *box = &shared->box[step->by];
  int roll = below(generator, 100), options = wait_flags(generator);
  options |= PICK(generator, 4, 4, 4, 6, 6, 12, 12, 14, 14, 2, 8, 10, 0);
  if (chance(generator, 30)) options |= WNOWAIT;
  step->pidfd = roll >= 88 ? pick_pidfd(generator, world, step->by) : -1;
  box->arg[2] = options;
  if (roll < 40) box->arg[0] = P_ALL, box->arg[1] = 0;
  else if (roll < 64) box->arg[0] = P_PID, box->arg[1] = some_number(generator, world, step->by);
  else box->arg[0] = P_PGID, box->arg[1] = some_group(generator, world, step->by);
  if (chance(generator, 3)) box->arg[0] = 4;
  if (roll < 60 && chance(generator, 2)) box->arg[1] = -box->arg[1];
  if (step->pidfd >= 0) box->arg[0] = P_PIDFD, box->arg[1] = PIDFD_BASE + step->pidfd;
}

/* signals */

static void choose_kill(struct generator *generator, const struct world *world, int by) {
  struct mailbox *box = &shared->box[by];
  int roll = below(generator, 100);
  if (roll < 76) box->arg[0] = some_number(generator, world, by);
  else if (roll < 94) box->arg[0] = -some_group(generator, world, by);
  else if (roll < 98) box->arg[0] = 0;
  else box->arg[0] = -1;
  box->arg[1] = some_signal(generator);
  if (box->arg[0] <= 0 && chance(generator, 60)) box->arg[1] = PICK(generator, 18, 18, 0, 17, 20);
}

static void choose_tgkill(struct generator *generator, const struct world *world, int by) {
  struct mailbox *box = &shared->box[by];
  int slot = pick_relative(generator, world, by);
  box->arg[1] = world_number(world, by, slot);
  box->arg[0] = box->arg[1] ? world->slot[slot].state.ids.tgid[own(&world->slot[by])] : 0;
  box->arg[2] = some_signal(generator);
  if (chance(generator, 10)) box->arg[0] = some_number(generator, world, by);
  if (chance(generator, 5)) box->arg[1] = some_number(generator, world, by);
}

static void choose_sigaction(struct generator *generator, int by) {
  struct mailbox *box = &shared->box[by];
  box->arg[0] = PICK(generator, 17, 17, 17, 17, 10, 10, 15, 15, 2, 2, 20, 18, 18, 1, 9, 19);
  box->arg[1] = chance(generator, 66);
  box->arg[2] = PICK(generator, 0, 0, 0, 0, 0, 0, 0, 0, SA_NOCLDSTOP, SA_NOCLDWAIT, SA_NOCLDWAIT);
}

/* groups and namespaces */

static void choose_setpgid(struct generator *generator, const struct world *world, int by) {
  struct mailbox *box = &shared->box[by];
  box->arg[0] = chance(generator, 22) ? 0 : some_number(generator, world, by);
  box->arg[1] = chance(generator, 50) ? 0 : some_group(generator, world, by);
  if (chance(generator, 4)) box->arg[1] = -1;
}

static int some_limit(struct generator *generator) {
  int roll = below(generator, 100);
  if (roll < 62) return 301 + below(generator, 130);
  return PICK(generator, 4194304, 4194304, 4194305, 0, -1, 300, 301, 301, 310, 32768);
}

static int some_cursor(struct generator *generator) {
  int roll = below(generator, 100);
  if (roll < 40) return below(generator, generator->pid_max + 1);
  if (roll < 80) return 285 + below(generator, 130);
  return PICK(generator, 0, 0, 1, 298, 299, 300, 301, -1, 5000000);
}

void choose_arguments(struct generator *generator, const struct world *world, struct step *step) {
  int by = step->by;
  long *arg = shared->box[by].arg;
  switch (step->op) {
    case OP_FORK:
    case OP_THREAD: choose_clone(generator, world, step); break;
    case OP_EXIT:
    case OP_EXIT_THREAD: arg[0] = chance(generator, 3) ? 256 + below(generator, 600) : below(generator, 200); break;
    case OP_KILL: choose_kill(generator, world, by); break;
    case OP_TGKILL: choose_tgkill(generator, world, by); break;
    case OP_WAITPID: choose_waitpid(generator, world, by); break;
    case OP_WAITID: choose_waitid(generator, world, step); break;
    case OP_SETPGID: choose_setpgid(generator, world, by); break;
    case OP_GETPGID:
    case OP_GETSID: arg[0] = chance(generator, 4) ? -1 : some_number(generator, world, by); break;
    case OP_SUBREAPER: arg[0] = chance(generator, 65); break;
    case OP_PDEATHSIG: arg[0] = PICK(generator, 9, 9, 0, 18, 19, 10, 1, 15, 77); break;
    case OP_SIGACTION: choose_sigaction(generator, by); break;
    case OP_SETNS:
      step->target = pick_relative(generator, world, by);
      arg[0] = chance(generator, 25);
      snprintf(shared->box[by].path, sizeof shared->box[by].path, "/proc/%d/ns/pid%s",
               world->slot[step->target].nr, arg[0] ? "_for_children" : "");
      break;
    case OP_NS_LAST_PID: arg[0] = some_cursor(generator); break;
    case OP_PID_MAX: arg[0] = some_limit(generator); break;
    case OP_PIDFD_OPEN:
      arg[0] = chance(generator, 4) ? -1 : some_number(generator, world, by);
      arg[1] = PICK(generator, 0, 0, 0, 0, 0, 0, 0, 128, 128, 128, 2048, chance(generator, 40) ? 1 : 0);
      arg[2] = PIDFD_BASE + world->pidfds;
      break;
    case OP_SETNS_PIDFD:
    case OP_PIDFD_POLL:
    case OP_PIDFD_SEND:
      step->pidfd = pick_pidfd(generator, world, by);
      arg[0] = PIDFD_BASE + step->pidfd;
      arg[1] = some_signal(generator);
      arg[2] = PICK(generator, 0, 0, 0, 0, 0, 0, 1, 1, 2, 4, 4, 3);
      break;
  }
}

void choose_for_init(struct generator *generator, const struct world *world, struct step *step) {
  struct mailbox *box = &shared->box[0];
  choose_arguments(generator, world, step);
  if (step->op == OP_FORK) {
    box->arg[0] = 0;
    box->arg[1] = SIGCHLD;
    box->set_tid_size = 0;
    step->newpid = step->parent = false;
  }
  if (step->op != OP_WAITPID) return;
  box->arg[0] = -1;
  box->arg[1] = PICK(generator, 0, 0, 0, __WALL, WUNTRACED, __WALL | WUNTRACED);
}
