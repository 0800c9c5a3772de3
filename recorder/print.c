/* Writes the lines of a recording to standard output: recordings' format, version 2. */
#include "print.h"
#include <stdio.h>

static const char *const MIX_NAMES[MIXES] = { "basic", "ns", "threads", "all" };

static const char *const OP_NAMES[OPS] = {
  "fork", "thread", "exit", "exit_thread", "kill", "tgkill", "waitpid", "waitid", "setsid", "getpid",
  "gettid", "getppid", "setpgid", "getpgid", "getsid", "subreaper", "pdeathsig", "sigaction", "unshare",
  "setns", "setns_pidfd", "ns_last_pid", "get_ns_last_pid", "pid_max", "get_pid_max", "pidfd_open",
  "pidfd_send", "pidfd_poll", "exec",
};

/* The arguments that are plain numbers, in the order of the mailbox. */
static const char *const ARGUMENTS[OPS][3] = {
  [OP_EXIT] = { "code" },
  [OP_EXIT_THREAD] = { "code" },
  [OP_KILL] = { "pid", "sig" },
  [OP_TGKILL] = { "tgid", "tid", "sig" },
  [OP_SETPGID] = { "pid", "pgid" },
  [OP_GETPGID] = { "pid" },
  [OP_GETSID] = { "pid" },
  [OP_SUBREAPER] = { "on" },
  [OP_PDEATHSIG] = { "sig" },
  [OP_NS_LAST_PID] = { "value" },
  [OP_PID_MAX] = { "value" },
  [OP_PIDFD_OPEN] = { "pid", "flags" },
};

void print_header(uint64_t seed, int steps, enum mix mix, int pid_max) {
  printf("{\"recorder\":\"pidns\",\"version\":2,\"seed\":%lu,\"steps\":%d", seed, steps);
  printf(",\"mix\":\"%s\",\"pid_max\":%d,\"slots\":%d}\n", MIX_NAMES[mix], pid_max, SLOTS);
}

static void print_list(const char *name, const int *list, int count) {
  printf(",\"%s\":[", name);
  for (int i = 0; i < count; i++) printf("%s%d", i ? "," : "", list[i]);
  printf("]");
}

static void print_clone(const struct mailbox *box, const struct step *step) {
  printf(",\"new\":%d,\"flags\":\"%s%s\"", step->new_slot, step->newpid ? "N" : "", step->parent ? "P" : "");
  printf(",\"exit_signal\":%ld", box->arg[1]);
  if (box->set_tid_size) print_list("set_tid", box->set_tid, box->set_tid_size);
}

static void print_arguments(const struct world *world, const struct step *step) {
  const struct mailbox *box = &shared->box[step->by];
  const long *arg = box->arg;
  if (step->op == OP_FORK || step->op == OP_THREAD) print_clone(box, step);
  if (step->op == OP_WAITPID) printf(",\"pid\":%ld,\"options\":%u", arg[0], (unsigned)arg[1]);
  if (step->op == OP_WAITID) printf(",\"idtype\":%ld", arg[0]);
  if (step->op == OP_WAITID && step->pidfd < 0) printf(",\"id\":%ld", arg[1]);
  if (step->pidfd >= 0) printf(",\"pidfd\":%d", world->pidfd_step[step->pidfd]);
  if (step->op == OP_WAITID) printf(",\"options\":%u", (unsigned)arg[2]);
  if (step->op == OP_PIDFD_SEND) printf(",\"sig\":%ld,\"flags\":%ld", arg[1], arg[2]);
  if (step->op == OP_SIGACTION) {
    printf(",\"sig\":%ld,\"handler\":\"%s\",\"flags\":%ld", arg[0], arg[1] ? "ign" : "dfl", arg[2]);
  }
  if (step->target >= 0) printf(",\"target\":%d,\"for_children\":%ld", step->target, arg[0]);
  for (int i = 0; i < 3 && ARGUMENTS[step->op][i]; i++) printf(",\"%s\":%ld", ARGUMENTS[step->op][i], arg[i]);
}

/* A value of -1 that was read from ns_last_pid is no error. */
static bool failed(const struct mailbox *box) { return box->ret < 0 && box->op != OP_GET_NS_LAST_PID; }

static void print_outcome(const struct step *step, enum outcome outcome) {
  const struct mailbox *box = &shared->box[step->by];
  if (outcome == DIED) printf(",\"died\":true");
  else if (outcome == STOPPED) printf(",\"stopped\":true");
  else if (failed(box)) printf(",\"ret\":-1,\"err\":%ld", -box->ret);
  else printf(",\"ret\":%ld", box->ret);
  if (outcome != RETURNED) return;
  if (step->op == OP_SETNS && box->failed_open) printf(",\"stage\":\"open\"");
  if (step->op == OP_WAITPID && box->ret > 0) printf(",\"status\":%u", (unsigned)box->status);
  if (step->op == OP_WAITID && box->ret == 0) {
    printf(",\"si_signo\":%d,\"si_pid\":%d", box->info_signo, box->info_pid);
    printf(",\"si_code\":%d,\"si_status\":%d", box->info_code, box->info_status);
  }
}

void print_step(const struct world *world, int number, const struct step *step, enum outcome outcome) {
  printf("{\"step\":%d,\"op\":\"%s\",\"by\":%d", number, OP_NAMES[step->op], step->by);
  print_arguments(world, step);
  print_outcome(step, outcome);
}

static void print_state(int slot, const struct state *state, bool first) {
  printf("%s\"%d\":", first ? "" : ",", slot);
  if (!state->level) {
    printf("null");
    return;
  }
  printf("{\"state\":\"%c\",\"ppid\":%d", state->letter, state->ppid);
  print_list("tgid", state->ids.tgid, state->level);
  print_list("pid", state->ids.pid, state->level);
  print_list("pgid", state->ids.pgid, state->level);
  print_list("sid", state->ids.sid, state->level);
  printf("}");
}

void print_changed(const struct state next[SLOTS], const bool changed[SLOTS]) {
  bool first = true;
  printf(",\"changed\":{");
  for (int i = 1; i < SLOTS; i++) {
    if (!changed[i]) continue;
    print_state(i, &next[i], first);
    first = false;
  }
  printf("}}\n");
}

void print_end(const struct world *world, int steps) {
  bool first = true;
  printf("{\"end\":true,\"steps\":%d,\"slots\":{", steps);
  for (int i = 1; i < SLOTS; i++) {
    if (!world->slot[i].nr) continue;
    print_state(i, &world->slot[i].state, first);
    first = false;
  }
  printf("}}\n");
}
