/*
 * Reads the state of the tasks from /proc, and remembers what /proc does not tell.
 *
 * Looked at only when no task of the recording can run, so that what is read is one moment. Costs one open and one
 * read of /proc/NR/status for each slot in use.
 */
#include "world.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PF_EXITING 4

static struct files pool[SLOTS];

static struct files *new_files(const struct files *copied) {
  for (int i = 0; i < SLOTS; i++) {
    if (pool[i].users) continue;
    if (copied) pool[i] = *copied;
    else memset(&pool[i], 0, sizeof pool[i]);
    pool[i].users = 1;
    return &pool[i];
  }
  die("more descriptor tables than slots");
}

/* The text of a file of /proc; false when the task is gone. */
static bool read_proc(int nr, const char *name, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", nr, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
  if (length < 0 && errno != ENOENT && errno != ESRCH) die("%s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  text[length < 0 ? 0 : length] = 0;
  return length > 0;
}

static const char *field(const char *text, const char *name) {
  const char *at = strstr(text, name);
  if (!at) die("no %s in /proc/NR/status", name);
  return at + strlen(name);
}

static int read_list(const char *text, const char *name, int list[LEVELS_MAX]) {
  int count = 0;
  for (const char *at = field(text, name); *at == '\t'; count++) {
    if (count == LEVELS_MAX) die("deeper than %d namespaces", LEVELS_MAX);
    list[count] = (int)strtol(at, (char **)&at, 10);
  }
  return count;
}

static unsigned long task_flags(int nr) {
  char text[1024];
  unsigned long flags = 0;
  if (!read_proc(nr, "stat", text, sizeof text)) return 0;
  char *at = strrchr(text, ')');
  if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) != 1) die("/proc/%d/stat: %s", nr, text);
  return flags;
}

/* Only the last thread of a namespace's init sleeps while it exits, and it does so interruptibly. */
static bool held_in_exit(int nr, const struct state *state) {
  return state->level > 1 && state->ids.tgid[state->level - 1] == 1 && (task_flags(nr) & PF_EXITING);
}

static bool look_at(int nr, bool answered, struct state *state) {
  char text[8192];
  memset(state, 0, sizeof *state);
  if (!read_proc(nr, "status", text, sizeof text)) return true;
  char letter = field(text, "\nState:\t")[0];
  if (!strchr("STZ", letter)) return false;
  state->level = read_list(text, "\nNSpid:", state->ids.pid);
  read_list(text, "\nNStgid:", state->ids.tgid);
  read_list(text, "\nNSpgid:", state->ids.pgid);
  read_list(text, "\nNSsid:", state->ids.sid);
  state->ppid = atoi(field(text, "\nPPid:\t"));
  state->letter = letter;
  if (letter == 'S' && held_in_exit(nr, state)) state->letter = 'E';
  return state->letter != 'S' || answered;
}

/* Only the caller owes an answer: another may have died in its call, its number now that of a thread in execve. */
static bool look_at_slot(const struct world *world, int by, int i, struct state *state) {
  const struct mailbox *box = &shared->box[i];
  bool answered = i != by || __atomic_load_n(&box->reply, __ATOMIC_ACQUIRE) == box->request;
  if (world->slot[i].nr) return look_at(world->slot[i].nr, answered, state);
  memset(state, 0, sizeof *state);
  return true;
}

int world_look(const struct world *world, int by, struct state next[SLOTS]) {
  for (int i = 0; i < SLOTS; i++) {
    if (!look_at_slot(world, by, i, &next[i])) return i;
  }
  return -1;
}

static bool known(const struct world *world, int nr) {
  for (int i = 0; i < SLOTS; i++) {
    if (world->slot[i].nr == nr) return true;
  }
  return false;
}

/* The one number in a folder of /proc that no slot has; 0 if there is none. */
static int find_unknown(const struct world *world, const char *path) {
  DIR *folder = opendir(path);
  int found = 0;
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    int nr = atoi(entry->d_name);
    if (nr > 0 && !known(world, nr)) found = nr;
  }
  if (folder) closedir(folder);
  return found;
}

/* The namespaces of a task, found from its own upwards. */
static void find_namespaces(const struct world *world, struct slot *slot, int level) {
  char path[64];
  struct stat stat;
  snprintf(path, sizeof path, "/proc/%d/ns/pid", slot->nr);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  memset(slot->ns, 0, sizeof slot->ns);
  for (int i = level - 1; i >= 0 && fd >= 0; i--) {
    if (fstat(fd, &stat)) die("fstat: %s", strerror(errno));
    slot->ns[i] = stat.st_ino;
    int parent = i ? ioctl(fd, NS_GET_PARENT) : -1;
    close(fd);
    fd = parent;
  }
  if (world) slot->ns[0] = world->slot[0].ns[0];
}

void world_begin(struct world *world) {
  struct slot *init = &world->slot[0];
  init->nr = 1;
  if (!look_at(1, true, &init->state)) die("slot 0 does not wait");
  find_namespaces(NULL, init, 1);
  init->files = new_files(NULL);
}

void world_add(struct world *world, int by, int slot, bool thread) {
  struct slot *made = &world->slot[slot], *maker = &world->slot[by];
  struct state state;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", maker->state.ids.tgid[0]);
  made->nr = find_unknown(world, thread ? path : "/proc");
  if (!made->nr) die("the new task is nowhere to be found");
  look_at(made->nr, true, &state);
  find_namespaces(world, made, state.level);
  if (thread) (made->files = maker->files)->users++;
  else made->files = new_files(maker->files);
}

/* The caller has the leader's numbers now; what was the leader, if it was another, is gone. */
void world_exec(struct world *world, int by) {
  struct slot *slot = &world->slot[by];
  int leader = slot->state.ids.tgid[0];
  if (slot->nr == leader) return;
  for (int i = 0; i < SLOTS; i++) {
    if (world->slot[i].nr == leader) world->slot[i].nr = -1;
  }
  slot->nr = leader;
}

void world_opened(struct world *world, int by, int step) {
  world->slot[by].files->has[world->pidfds] = true;
  world->pidfd_step[world->pidfds++] = step;
}

static void forget(struct slot *slot) {
  slot->files->users--;
  memset(slot, 0, sizeof *slot);
}

void world_accept(struct world *world, const struct state next[SLOTS], bool changed[SLOTS]) {
  for (int i = 0; i < SLOTS; i++) {
    struct slot *slot = &world->slot[i];
    changed[i] = i > 0 && slot->nr && memcmp(&slot->state, &next[i], sizeof next[i]) != 0;
    if (slot->nr && !next[i].level) forget(slot);
    else slot->state = next[i];
  }
}

int world_number(const struct world *world, int by, int slot) {
  const struct slot *caller = &world->slot[by], *target = &world->slot[slot];
  int at = own(caller);
  if (!target->nr || target->state.level <= at || target->ns[at] != caller->ns[at]) return 0;
  return target->state.ids.pid[at];
}
