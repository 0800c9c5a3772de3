/* Chooses the next operation: who carries out what, with which arguments. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include "world.h"
#include <stdint.h>

enum mix { MIX_BASIC, MIX_NS, MIX_THREADS, MIX_ALL, MIXES };

struct generator {
  uint64_t random;
  enum mix mix;
  int pid_max;            /* of the root namespace, now */
  int weight[OPS], total; /* of the operations of a caller other than slot 0 */
  int slot_zero;          /* percentage of its steps */
  int crowd;              /* slots in use at most */
  int depth, threads;     /* percentage of steps by tasks in deeper namespaces, and in processes with threads */
};

/* An operation as the recording names it; the mailbox of `by` has its arguments. */
struct step {
  int by, op;
  int new_slot;           /* fork, thread */
  bool newpid, parent;    /* fork, thread: the flags N and P */
  int target;             /* setns: a slot; -1: none */
  int pidfd;              /* index of the pidfd used; -1: none */
};

/* Deeper namespaces are not made: the kernel's own limit would show errors that have no place in a recording. */
#define DEPTH 8

void generator_begin(struct generator *generator, uint64_t seed, enum mix mix, int pid_max);
void choose(struct generator *generator, const struct world *world, struct step *step);

/* arguments.c: fills the mailbox of `step->by`, and the rest of `step`. Slot 0 may use fewer arguments. */
void choose_arguments(struct generator *generator, const struct world *world, struct step *step);
void choose_for_init(struct generator *generator, const struct world *world, struct step *step);

#endif
