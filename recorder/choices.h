/* Random choices: numbers, slots that fit, and process numbers as a caller would write them. */
#ifndef CHOICES_H
#define CHOICES_H

#include "generator.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

/* A number from 0 to limit - 1. */
int below(struct generator *generator, int limit);

static inline bool chance(struct generator *generator, int percent) { return below(generator, 100) < percent; }

static inline int pick(struct generator *generator, const int *list, int count) {
  return list[below(generator, count)];
}

#define PICK(generator, ...) pick(generator, (const int[]){ __VA_ARGS__ }, COUNT(((const int[]){ __VA_ARGS__ })))

/* Whether a slot fits, seen by a caller. */
typedef bool fits(const struct world *world, int by, int slot);
fits idle, deep, threaded, child;

/* One of the slots that fit; -1: none does. */
int pick_slot(struct generator *generator, const struct world *world, int by, fits *fit);

/* A slot in use, rather a child or a thread of the caller's process. */
int pick_relative(struct generator *generator, const struct world *world, int by);

/* A process or group number as the caller would write it: mostly of someone it can see. */
int some_number(struct generator *generator, const struct world *world, int by);
int some_group(struct generator *generator, const struct world *world, int by);

int some_signal(struct generator *generator);

/* A pidfd that the caller's process has; -1: it has none. */
int pick_pidfd(struct generator *generator, const struct world *world, int by);

#endif
