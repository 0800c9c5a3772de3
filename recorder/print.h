/* Writes the lines of a recording. */
#ifndef PRINT_H
#define PRINT_H

#include "generator.h"

enum outcome { RETURNED, DIED, STOPPED };

void print_header(uint64_t seed, int steps, enum mix mix, int pid_max);
void print_step(const struct world *world, int number, const struct step *step, enum outcome outcome);
void print_changed(const struct state next[SLOTS], const bool changed[SLOTS]);
void print_end(const struct world *world, int steps);

#endif
