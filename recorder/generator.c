/*
 * A random operation, by weights that keep most slots in use and every kind of result common.
 *
 * Each seed has leanings of its own: some operations have a greater weight, some kinds of tasks act more often, and
 * some seeds keep to a few tasks that deal with each other all the time. What a recording must leave out is refused here: see forbidden().
 */
#include "choices.h"
#include <signal.h>
#include <stddef.h>

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
  generator->crowd = chance(generator, 60) ? SLOTS : 5 + below(generator, 20);
  generator->depth = chance(generator, 50) ? below(generator, 90) : 0;
  generator->threads = chance(generator, 50) ? below(generator, 90) : 0;
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

/* The first free slot; SLOTS where there are enough tasks. */
static int free_slot(const struct generator *generator, const struct world *world) {
  int used = 0, first = SLOTS;
  for (int i = SLOTS - 1; i >= 0; i--) {
    if (world->slot[i].nr) used++;
    else first = i;
  }
  return used < generator->crowd ? first : SLOTS;
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
    int new_slot = free_slot(generator, world);
    *step = (struct step){ .by = pick_caller(generator, world), .new_slot = new_slot, .target = -1, .pidfd = -1 };
    if (step->by) {
      step->op = pick_op(generator);
      choose_arguments(generator, world, step);
    } else {
      step->op = PICK(generator, OP_WAITPID, OP_WAITPID, OP_WAITPID, OP_FORK, OP_FORK, OP_KILL);
      choose_for_init(generator, world, step);
    }
  } while (!possible(generator, world, step));
}
