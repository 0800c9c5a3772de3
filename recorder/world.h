/*
 * What is known of the tasks: the picture of every slot, read from /proc, and which pidfds and namespaces it has.
 *
 * All numbers are those of the recording: /proc here is that of the root namespace of the recording.
 */
#ifndef WORLD_H
#define WORLD_H

#include "shared.h"
#include <stdbool.h>
#include <sys/types.h>

#define LEVELS_MAX 12

struct ids {
  int pid[LEVELS_MAX], tgid[LEVELS_MAX], pgid[LEVELS_MAX], sid[LEVELS_MAX];
};

/* What a recording shows of a task. Level 0 is free: no task. */
struct state {
  char letter; /* S T Z E */
  int level, ppid;
  struct ids ids;
};

/* The pidfds that a process has, by their order in the recording. Threads share one, a fork copies it. */
struct files {
  int users;
  bool has[PIDFDS_MAX];
};

struct slot {
  int nr; /* number in the root namespace; 0: the slot is free */
  struct state state;
  ino_t ns[LEVELS_MAX]; /* its namespaces from the root one on; 0 where unknown */
  struct files *files;
};

struct world {
  struct slot slot[SLOTS];
  int pidfd_step[PIDFDS_MAX]; /* the step that opened it */
  int pidfds;
};

/* Takes the picture of slot 0. */
void world_begin(struct world *world);

/* Fills `next` with what every slot shows after a call of `by`. Returns a slot that still runs; -1: the step is over. */
int world_look(const struct world *world, int by, struct state next[SLOTS]);

/* Book-keeping after a successful call. */
void world_add(struct world *world, int by, int slot, bool thread);
void world_exec(struct world *world, int by);
void world_opened(struct world *world, int by, int step);

/* Makes `next` the current picture; `changed` tells which slots differ. */
void world_accept(struct world *world, const struct state next[SLOTS], bool changed[SLOTS]);

/* The number of a task as `by` sees it; 0 where it cannot. */
int world_number(const struct world *world, int by, int slot);

/* The level of the namespace that a caller is in, minus one: the index of its own numbers. */
static inline int own(const struct slot *slot) { return slot->state.level - 1; }

_Noreturn void die(const char *what, ...) __attribute__((format(printf, 1, 2)));

#endif
