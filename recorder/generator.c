/*
 * A random operation, by weights that keep most slots in use and every kind of result common.
 *
 * Each seed has leanings of its own: some operations have a greater weight, and some kinds of tasks act more often, so
 * that seeds differ in more than numbers. What a recording must leave out is refused here: see forbidden().
 */
#include "generator.h"
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))
/* Deeper namespaces are not made: the kernel's own limit would show errors that have no place in a recording. */
#define DEPTH 8

/* In parts of ten thousand, for the mixes basic, ns, threads, all. */
static const int WEIGHTS[OPS][MIXES] = {
  [OP_FORK] = { 1900, 2300, 1700, 1850 },      [OP_THREAD] = { 0, 0, 1000, 760 },
  [OP_EXIT] = { 950, 720, 540, 480 },          [OP_EXIT_THREAD] = { 80, 80, 560, 380 },
  [OP_KILL] = { 1100, 1100, 1000, 980 },       [OP_TGKILL] = { 80, 75, 260, 210 },
  [OP_WAITPID] = { 1900, 1550, 1550, 1400 },   [OP_WAITID] = { 620, 540, 450, 510 },
  [OP_SETSID] = { 330, 280, 280, 240 },        [OP_GETPID] = { 90, 70, 70, 70 },
  [OP_GETTID] = { 90, 85, 130, 85 },           [OP_GETPPID] = { 160, 170, 150, 130 },
  [OP_SETPGID] = { 600, 450, 480, 430 },       [OP_GETPGID] = { 170, 130, 200, 150 },
  [OP_GETSID] = { 170, 160, 140, 150 },        [OP_SUBREAPER] = { 175, 175, 150, 140 },
  [OP_PDEATHSIG] = { 155, 120, 190, 150 },     [OP_SIGACTION] = { 250, 190, 190, 200 },
  [OP_UNSHARE] = { 0, 220, 0, 220 },           [OP_SETNS] = { 0, 330, 0, 280 },
  [OP_SETNS_PIDFD] = { 0, 60, 0, 60 },         [OP_NS_LAST_PID] = { 75, 150, 60, 140 },
  [OP_GET_NS_LAST_PID] = { 100, 75, 70, 60 },  [OP_PID_MAX] = { 0, 125, 0, 55 },
  [OP_GET_PID_MAX] = { 75, 210, 65, 160 },     [OP_PIDFD_OPEN] = { 430, 470, 450, 540 },
  [OP_PIDFD_SEND] = { 120, 100, 160, 125 },    [OP_PIDFD_POLL] = { 80, 80, 130, 75 },
  [OP_EXEC] = { 240, 160, 250, 200 },
};

#define LEANING_OPS 8
static const int LEANINGS[][LEANING_OPS] = {
  { OP_FORK },
  { OP_THREAD, OP_EXIT_THREAD, OP_EXEC, OP_TGKILL },
  { OP_KILL, OP_WAITPID, OP_WAITID, OP_SIGACTION },
  { OP_NS_LAST_PID, OP_PID_MAX, OP_FORK, OP_EXIT },
  { OP_SUBREAPER, OP_EXIT, OP_EXIT_THREAD, OP_PDEATHSIG },
  { OP_UNSHARE, OP_SETNS, OP_SETNS_PIDFD, OP_FORK },
  { OP_PIDFD_OPEN, OP_PIDFD_SEND, OP_PIDFD_POLL, OP_EXEC },
  { OP_SETSID, OP_SETPGID, OP_KILL, OP_EXEC },
};

static uint64_t next_random(struct generator *generator) {
  uint64_t z = generator->random += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static int below(struct generator *generator, int limit) { return (int)(next_random(generator) % (uint64_t)limit); }

static bool chance(struct generator *generator, int percent) { return below(generator, 100) < percent; }

static int pick(struct generator *generator, const int *list, int count) { return list[below(generator, count)]; }

#define PICK(generator, ...) pick(generator, (const int[]){ __VA_ARGS__ }, COUNT(((const int[]){ __VA_ARGS__ })))

void generator_begin(struct generator *generator, uint64_t seed, enum mix mix, int pid_max) {
  *generator = (struct generator){ .random = seed * MIXES + mix, .mix = mix, .pid_max = pid_max };
  for (int op = 0; op < OPS; op++) generator->weight[op] = WEIGHTS[op][mix];
  for (int rounds = below(generator, 4); rounds > 0; rounds--) {
    const int *leaning = LEANINGS[below(generator, COUNT(LEANINGS))];
    int factor = 2 + below(generator, 4);
    for (int i = 0; i < LEANING_OPS && (i == 0 || leaning[i]); i++) generator->weight[leaning[i]] *= factor;
  }
  for (int op = 0; op < OPS; op++) generator->total += generator->weight[op];
  generator->slot_zero = 2 + below(generator, 14);
  generator->depth = chance(generator, 50) ? below(generator, 90) : 0;
  generator->threads = chance(generator, 50) ? below(generator, 90) : 0;
}

/* Choices among slots: each counts those that fit, then takes one of them. */
typedef bool fits(const struct world *world, int by, int slot);

static bool in_use(const struct world *world, int by, int slot) {
  (void)by;
  return world->slot[slot].nr != 0;
}

static bool idle(const struct world *world, int by, int slot) {
  (void)by;
  return slot > 0 && world->slot[slot].nr && world->slot[slot].state.letter == 'S';
}

static bool child(const struct world *world, int by, int slot) {
  return world->slot[slot].nr && world->slot[slot].state.ppid == world->slot[by].state.ids.tgid[0];
}

static bool same_process(const struct world *world, int by, int slot) {
  return world->slot[slot].nr && world->slot[slot].state.ids.tgid[0] == world->slot[by].state.ids.tgid[0];
}

static bool deep(const struct world *world, int by, int slot) {
  return idle(world, by, slot) && world->slot[slot].state.level > 1;
}

static bool threaded(const struct world *world, int by, int slot) {
  bool alone = true;
  for (int i = 1; i < SLOTS; i++) alone &= i == slot || !same_process(world, slot, i);
  return idle(world, by, slot) && !alone;
}

static int pick_slot(struct generator *generator, const struct world *world, int by, fits *fit) {
  int list[SLOTS], count = 0;
  for (int i = 0; i < SLOTS; i++) {
    if (fit(world, by, i)) list[count++] = i;
  }
  return count ? list[below(generator, count)] : -1;
}

static int pick_relative(struct generator *generator, const struct world *world, int by) {
  int roll = below(generator, 100);
  int slot = -1;
  if (roll < 30) slot = pick_slot(generator, world, by, child);
  else if (roll < 40) slot = pick_slot(generator, world, by, same_process);
  return slot >= 0 ? slot : pick_slot(generator, world, by, in_use);
}

/* A process number as the caller would write it: mostly someone it can see. */
static int some_number(struct generator *generator, const struct world *world, int by) {
  if (chance(generator, 8)) return 1 + below(generator, chance(generator, 50) ? 60 : generator->pid_max);
  return world_number(world, by, pick_relative(generator, world, by));
}

static int some_group(struct generator *generator, const struct world *world, int by) {
  const struct slot *caller = &world->slot[by];
  int slot = pick_relative(generator, world, by);
  if (chance(generator, 40) || !world_number(world, by, slot)) return some_number(generator, world, by);
  return world->slot[slot].state.ids.pgid[own(caller)];
}

static int some_signal(struct generator *generator) {
  static const int list[] = { 18, 18, 18, 18, 18, 9, 9, 9, 9, 19, 19, 20, 15, 15, 17, 1, 2, 10 };
  return chance(generator, 8) ? PICK(generator, 0, 0, 0, 64, 64, 77, -1) : pick(generator, list, COUNT(list));
}

/* fork and thread */

static void choose_set_tid(struct generator *generator, struct mailbox *box, const struct slot *caller) {
  int depth = caller->state.level + (box->arg[0] & CLONE_NEWPID ? 1 : 0);
  box->set_tid_size = 0;
  if (!chance(generator, 9)) return;
  box->set_tid_size = chance(generator, 8) ? SET_TID_MAX : 1 + (chance(generator, 30) ? below(generator, depth) : 0);
  for (int i = 0; i < box->set_tid_size; i++) {
    int limit = chance(generator, 70) ? 420 : 40000;
    box->set_tid[i] = chance(generator, 30) ? PICK(generator, 1, 1, 1, 2, 3, 300, 0) : 1 + below(generator, limit);
  }
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

static int pick_pidfd(struct generator *generator, const struct world *world, int by) {
  const struct files *files = world->slot[by].files;
  int list[PIDFDS_MAX], count = 0;
  for (int i = 0; i < world->pidfds; i++) {
    if (files->has[i]) list[count++] = i;
  }
  return count ? list[below(generator, count)] : -1;
}

static void choose_waitid(struct generator *generator, const struct world *world, struct step *step) {
  struct mailbox *box = &shared->box[step->by];
  int roll = below(generator, 100), options = wait_flags(generator);
  options |= PICK(generator, 4, 4, 4, 6, 6, 12, 12, 14, 14, 2, 8, 10, 0);
  if (chance(generator, 30)) options |= WNOWAIT;
  step->pidfd = roll >= 88 ? pick_pidfd(generator, world, step->by) : -1;
  box->arg[2] = options;
  box->arg[0] = roll < 40 ? P_ALL : roll < 64 ? P_PID : P_PGID;
  box->arg[1] = roll < 40 ? 0 : roll < 64 ? some_number(generator, world, step->by) : some_group(generator, world, step->by);
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

/* True where setpgid would bring a namespace's init into a group led by another member of its namespace. */
static bool forbidden_group(const struct world *world, int by, int pid, int pgid) {
  int at = own(&world->slot[by]);
  const struct slot *target = NULL;
  for (int i = 0; i < SLOTS; i++) {
    if (pid ? world_number(world, by, i) == pid : i == by) target = &world->slot[i];
  }
  if (!target || target->state.ids.tgid[own(target)] != 1 || pgid == 0) return false;
  if (pgid == target->state.ids.tgid[at]) return false;
  for (int i = 0; i < SLOTS; i++) {
    const struct slot *other = &world->slot[i];
    if (!world_number(world, by, i)) continue;
    bool leads = other->state.ids.pid[at] == pgid, follows = other->state.ids.pgid[at] == pgid;
    bool inside = other->state.level > own(target) && other->ns[own(target)] == target->ns[own(target)];
    if ((leads || follows) && inside && (leads || other->state.ids.pgid[own(target)])) return true;
  }
  return false;
}

/* What a recording leaves out, and what slot 0 never does. */
static bool forbidden(const struct world *world, const struct step *step) {
  const struct mailbox *box = &shared->box[step->by];
  bool stop = box->arg[1] == SIGSTOP || box->arg[1] == SIGTSTP;
  if (step->op == OP_SETPGID) return forbidden_group(world, step->by, (int)box->arg[0], (int)box->arg[1]);
  if (step->op != OP_KILL) return false;
  if (step->by == 0) return box->arg[0] >= -1 && box->arg[0] <= 1;
  return box->arg[0] == -1 && stop && world->slot[step->by].state.level == 1;
}

static void choose_arguments(struct generator *generator, const struct world *world, struct step *step) {
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

/* Arguments that slot 0 may use are fewer. */
static void choose_for_init(struct generator *generator, const struct world *world, struct step *step) {
  struct mailbox *box = &shared->box[0];
  choose_arguments(generator, world, step);
  if (step->op == OP_FORK) box->arg[0] = 0, box->arg[1] = SIGCHLD, box->set_tid_size = 0;
  if (step->op == OP_FORK) step->newpid = step->parent = false;
  if (step->op == OP_WAITPID) box->arg[0] = -1, box->arg[1] = PICK(generator, 0, 0, 0, __WALL, WUNTRACED, __WALL | WUNTRACED);
}

static int pick_op(struct generator *generator) {
  int roll = below(generator, generator->total), op = 0;
  while (roll >= generator->weight[op]) roll -= generator->weight[op++];
  return op;
}

static bool has_child(const struct world *world, int by) {
  for (int i = 1; i < SLOTS; i++) {
    if (child(world, by, i)) return true;
  }
  return false;
}

static bool possible(struct generator *generator, const struct world *world, const struct step *step) {
  bool clones = step->op == OP_FORK || step->op == OP_THREAD;
  bool waits = step->op == OP_WAITPID || step->op == OP_WAITID;
  bool uses_pidfd = step->op == OP_PIDFD_SEND || step->op == OP_PIDFD_POLL || step->op == OP_SETNS_PIDFD;
  if (clones && step->new_slot == SLOTS) return false;
  if (waits && !has_child(world, step->by) && chance(generator, 70)) return false;
  if (uses_pidfd && step->pidfd < 0) return false;
  if (step->op == OP_PIDFD_OPEN && world->pidfds == PIDFDS_MAX) return false;
  if (step->op == OP_UNSHARE && world->slot[step->by].state.level >= DEPTH) return false;
  return !forbidden(world, step);
}

static int pick_caller(struct generator *generator, const struct world *world) {
  int slot = -1;
  if (chance(generator, generator->slot_zero)) return 0;
  if (chance(generator, generator->depth)) slot = pick_slot(generator, world, 0, deep);
  if (slot < 0 && chance(generator, generator->threads)) slot = pick_slot(generator, world, 0, threaded);
  if (slot < 0) slot = pick_slot(generator, world, 0, idle);
  return slot < 0 ? 0 : slot;
}

void choose(struct generator *generator, const struct world *world, struct step *step) {
  do {
    *step = (struct step){ .target = -1, .pidfd = -1 };
    while (step->new_slot < SLOTS && world->slot[step->new_slot].nr) step->new_slot++;
    step->by = pick_caller(generator, world);
    step->op = step->by ? pick_op(generator) : PICK(generator, OP_WAITPID, OP_WAITPID, OP_WAITPID, OP_FORK, OP_FORK, OP_KILL);
    if (step->by) choose_arguments(generator, world, step);
    else choose_for_init(generator, world, step);
  } while (!possible(generator, world, step));
}
