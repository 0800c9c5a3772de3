/* Random choices. The sequence of numbers is that of splitmix64. */
#include "choices.h"

static uint64_t next_random(struct generator *generator) {
  uint64_t z = generator->random += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

int below(struct generator *generator, int limit) { return (int)(next_random(generator) % (uint64_t)limit); }

static bool in_use(const struct world *world, int by, int slot) {
  (void)by;
  return world->slot[slot].nr != 0;
}

bool idle(const struct world *world, int by, int slot) {
  (void)by;
  return slot > 0 && world->slot[slot].nr && world->slot[slot].state.letter == 'S';
}

bool child(const struct world *world, int by, int slot) {
  return world->slot[slot].nr && world->slot[slot].state.ppid == world->slot[by].state.ids.tgid[0];
}

static bool same_process(const struct world *world, int by, int slot) {
  return world->slot[slot].nr && world->slot[slot].state.ids.tgid[0] == world->slot[by].state.ids.tgid[0];
}

bool deep(const struct world *world, int by, int slot) {
  return idle(world, by, slot) && world->slot[slot].state.level > 1;
}

bool threaded(const struct world *world, int by, int slot) {
  bool alone = true;
  for (int i = 1; i < SLOTS; i++) alone &= i == slot || !same_process(world, slot, i);
  return idle(world, by, slot) && !alone;
}

int pick_slot(struct generator *generator, const struct world *world, int by, fits *fit) {
  int list[SLOTS], count = 0;
  for (int i = 0; i < SLOTS; i++) {
    if (fit(world, by, i)) list[count++] = i;
  }
  return count ? list[below(generator, count)] : -1;
}

int pick_relative(struct generator *generator, const struct world *world, int by) {
  int roll = below(generator, 100);
  int slot = -1;
  if (roll < 30) slot = pick_slot(generator, world, by, child);
  else if (roll < 40) slot = pick_slot(generator, world, by, same_process);
  return slot >= 0 ? slot : pick_slot(generator, world, by, in_use);
}

int some_number(struct generator *generator, const struct world *world, int by) {
  if (chance(generator, 8)) return 1 + below(generator, chance(generator, 50) ? 60 : generator->pid_max);
  return world_number(world, by, pick_relative(generator, world, by));
}

int some_group(struct generator *generator, const struct world *world, int by) {
  const struct slot *caller = &world->slot[by];
  int slot = pick_relative(generator, world, by);
  if (chance(generator, 40) || !world_number(world, by, slot)) return some_number(generator, world, by);
  return world->slot[slot].state.ids.pgid[own(caller)];
}

int some_signal(struct generator *generator) {
  static const int list[] = { 18, 18, 18, 18, 18, 9, 9, 9, 9, 19, 19, 20, 15, 15, 17, 1, 2, 10 };
  return chance(generator, 8) ? PICK(generator, 0, 0, 0, 64, 64, 77, -1) : pick(generator, list, COUNT(list));
}

int pick_pidfd(struct generator *generator, const struct world *world, int by) {
  const struct files *files = world->slot[by].files;
  int list[PIDFDS_MAX], count = 0;
  for (int i = 0; i < world->pidfds; i++) {
    if (files->has[i]) list[count++] = i;
  }
  return count ? list[below(generator, count)] : -1;
}
