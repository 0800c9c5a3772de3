/*
 * Records what a real /proc shows of a fixed scene of processes, for tests/procfs_linux.test.ts, which builds the same
 * scene in the library. As root, on an idle machine (each step waits a tenth of a second for the one before):
 *
 *     cc -o record record.c -pthread && ./record > linux-6.18.jsonl
 *
 * Each line is one answer: what was done ("op": read, readlink, readdir, stat, or fdinfo of a pidfd), where ("at"), by
 * whom ("by"), and what came of it ("is", or "error"). "a/" is the procfs of a fresh PID namespace A, "b/" that of a
 * namespace B inside it. "by" is the reader's number in A, 0 an outsider who has none in either. A stat tells
 * only the type: 4 directory, 8 file.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int ok, const char *what) { if (!ok) { perror(what); exit(1); } }

static int by;
static char root[] = "procfs-XXXXXX";
static int done[2], seen[2];

static void settle(void) { usleep(100000); }
static void hang(void) { for (;;) pause(); }
static void tell(int *pipe) { fflush(stdout); check(write(pipe[1], "x", 1) == 1, "write"); }
static void await(int *pipe) { char c; check(read(pipe[0], &c, 1) == 1, "read"); }

static void quote(const char *s, int n) {
	putchar('"');
	for (int i = 0; i < n; i++) {
		unsigned char c = s[i];
		if (c < 32 || c > 126 || c == '"' || c == '\\') printf("\\u%04x", c);
		else putchar(c);
	}
	putchar('"');
}

static void begin(const char *op, const char *at) {
	printf("{\"op\":\"%s\",\"at\":\"%s\",\"by\":%d,", op, at, by);
}

static void failed(void) {
	printf("\"error\":\"%s\"}\n", strerrorname_np(errno));
}

static char *path(const char *at) {
	static char p[200];
	snprintf(p, sizeof p, "%s/%s", root, at);
	return p;
}

static void readText(const char *fmt, ...) {
	static char at[100], buf[65536];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(at, sizeof at, fmt, ap);
	begin("read", at);
	int f = open(path(at), O_RDONLY), n = f < 0 ? -1 : read(f, buf, sizeof buf);
	if (n < 0) failed();
	else { printf("\"is\":"); quote(buf, n); printf("}\n"); }
	close(f);
}

static void readLink(const char *fmt, ...) {
	static char at[100], buf[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(at, sizeof at, fmt, ap);
	begin("readlink", at);
	int n = readlink(path(at), buf, sizeof buf);
	if (n < 0) failed();
	else { printf("\"is\":"); quote(buf, n); printf("}\n"); }
}

static void readDir(const char *fmt, ...) {
	static char at[100];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(at, sizeof at, fmt, ap);
	begin("readdir", at);
	DIR *d = opendir(path(at));
	if (!d) { failed(); return; }
	printf("\"is\":[");
	int first = 1;
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.') continue;
		printf(first ? "\"%s\"" : ",\"%s\"", e->d_name);
		first = 0;
	}
	printf("]}\n");
	closedir(d);
}

static void type(const char *fmt, ...) {
	static char at[100];
	struct stat st;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(at, sizeof at, fmt, ap);
	begin("stat", at);
	if (stat(path(at), &st) < 0) failed();
	else printf("\"is\":%d}\n", (st.st_mode & S_IFMT) >> 12);
}

static void proc(const char *mount, int nr) {
	type("%s/%d", mount, nr);
	readText("%s/%d/status", mount, nr);
	readText("%s/%d/stat", mount, nr);
	readText("%s/%d/comm", mount, nr);
	readText("%s/%d/cmdline", mount, nr);
	readDir("%s/%d/task", mount, nr);
	readText("%s/%d/task/%d/stat", mount, nr, nr);
	readText("%s/%d/task/%d/children", mount, nr, nr);
	readLink("%s/%d/ns/pid", mount, nr);
	readLink("%s/%d/ns/pid_for_children", mount, nr);
	type("%s/%d/ns/pid_for_children", mount, nr);
}

static void name(const char *comm) { prctl(PR_SET_NAME, comm); }

static int start(const char *comm, void (*run)(void)) {
	int pid = fork();
	check(pid >= 0, "fork");
	if (pid == 0) { name(comm); run(); _exit(0); }
	settle();
	return pid;
}

static int startNs(const char *comm, void (*run)(void)) {
	int pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	check(pid >= 0, "clone");
	if (pid == 0) { name(comm); run(); _exit(0); }
	settle();
	return pid;
}

static int inherited; /* a pidfd of A's number 2 */

static void caught(int sig) { (void)sig; }
static void session(void) {
	setsid();
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGHUP, caught);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMAX);
	sigprocmask(SIG_BLOCK, &set, 0);
	hang();
}
static void exits(void) { _exit(3); }
static void *worker(void *arg) {
	name("worker");
	if (arg) start("of a thread", hang);
	hang();
	return 0;
}
static void threads(void) {
	pthread_t t;
	pthread_create(&t, 0, worker, 0);
	settle();
	pthread_create(&t, 0, worker, (void *)1);
	hang();
}
static void deadLeader(void) {
	pthread_t t;
	pthread_create(&t, 0, worker, 0);
	settle();
	syscall(SYS_exit, 5);
}
static void *lastThread(void *arg) { (void)arg; usleep(50000); syscall(SYS_exit, 7); return 0; }
static void deadGroup(void) {
	pthread_t t;
	pthread_create(&t, 0, lastThread, 0);
	syscall(SYS_exit, 5);
}
static void group(void) { setpgid(0, 0); hang(); }
static void setsidAndHang(void) { setsid(); hang(); }
static void unshares(void) { check(unshare(CLONE_NEWPID) == 0, "unshare"); hang(); }
static void inner(void) {
	check(mount("proc", path("b"), "proc", 0, 0) == 0, "mount b");
	start("b session", setsidAndHang);
	startNs("c init", hang);
	int f = open(path("b/sys/kernel/pid_max"), O_WRONLY);
	check(write(f, "500\n", 4) == 4, "pid_max");
	by = 19;
	readLink("b/self"); readLink("b/thread-self"); readLink("a/self"); readLink("a/thread-self");
	readText("b/sys/kernel/pid_max"); readText("a/sys/kernel/pid_max"); readText("b/sys/kernel/ns_last_pid");
	tell(seen);
	hang();
}

static void fdinfo(const char *mount, int pidfd, int of) {
	char at[50], buf[1000] = "", *from;
	snprintf(at, sizeof at, "%s/1/fdinfo/%d", mount, pidfd);
	int f = open(path(at), O_RDONLY);
	check(f >= 0 && read(f, buf, sizeof buf - 1) > 0, "fdinfo");
	close(f);
	from = strstr(buf, "Pid:");
	snprintf(at, sizeof at, "%s pidfd of %d", mount, of);
	begin("fdinfo", at);
	printf("\"is\":");
	quote(from, strlen(from));
	printf("}\n");
}

static void scene(void) {
	name("scene");
	setsid();
	check(mount("proc", path("a"), "proc", 0, 0) == 0, "mount a");
	start("sleeper", hang);                                          /* 2 */
	inherited = syscall(SYS_pidfd_open, 2, 0);
	kill(start("session", session), SIGTERM);                        /* 3 */
	int stopped = start("a\nb\\c\td e)", hang);                      /* 4 */
	kill(stopped, SIGSTOP); settle();
	kill(stopped, SIGTERM); syscall(SYS_tgkill, stopped, stopped, SIGUSR2); kill(stopped, 34);
	start("zombie", exits);                                          /* 5 */
	kill(start("killed", hang), SIGKILL);                            /* 6 */
	start("threads", threads); settle(); settle();                   /* 7, 8, 9, child 10 of thread 9 */
	start("dead leader", deadLeader); settle();                      /* 11, 12 */
	start("dead group", deadGroup); settle();                        /* 13, 14 */
	int leader = start("group", group);                              /* 15 */
	int member = start("member", hang);                              /* 16 */
	int reaped = syscall(SYS_pidfd_open, leader, 0);
	setpgid(member, leader);
	kill(leader, SIGKILL); waitpid(leader, 0, 0);                    /* number 15 is left as a group's only */
	int waited = start("waited stop", hang);                         /* 17 */
	kill(waited, SIGSTOP); waitpid(waited, 0, WUNTRACED);
	start("unshares", unshares);                                     /* 18 */
	int box = startNs("b init", inner);                              /* 19 = B's 1; 20 = 2; 21 = 3 = C's 1 */
	await(seen);
	int fd = syscall(SYS_pidfd_open, box, 0), zombie = syscall(SYS_pidfd_open, 5, 0);
	fdinfo("a", inherited, 2); fdinfo("a", fd, 19); fdinfo("a", zombie, 5); fdinfo("a", reaped, 15);
	fdinfo("b", inherited, 2);
	by = 1;
	readLink("a/self"); readLink("a/thread-self"); readLink("b/self"); readLink("b/thread-self"); type("b/self");
	readText("b/sys/kernel/pid_max"); readText("a/sys/kernel/ns_last_pid");
	tell(done);
	hang();
}

int main(void) {
	check(mkdtemp(root) != 0 && unshare(CLONE_NEWNS) == 0, "unshare");
	mount(0, "/", 0, MS_REC | MS_PRIVATE, 0);
	mkdir(path("a"), 0755); mkdir(path("b"), 0755);
	check(pipe(done) == 0 && pipe(seen) == 0, "pipe");
	check(unshare(CLONE_NEWPID) == 0, "unshare");
	int init = fork();
	if (init == 0) { scene(); _exit(1); }
	await(done);
	settle();
	readDir("a"); readDir("b"); readDir("a/2"); readDir("a/7/task/9");
	for (int nr = 1; nr <= 21; nr++) if (nr != 15) proc("a", nr);
	for (int nr = 1; nr <= 3; nr++) proc("b", nr);
	type("a/15"); type("a/0"); type("a/02"); type("a/+2"); type("a/0x2"); type("a/2x"); type("a/99"); type("a/4294967298");
	readText("a/7/task/8/status"); readText("a/7/task/9/stat"); readText("a/7/task/9/children"); readText("a/7/task/7/children");
	type("a/7/task/10"); type("a/2/task/7"); type("a/7/task/08"); type("a/8/task/9"); type("a/7/task/8/task"); type("a/2/children");
	type("a/2/status/"); type("a/2/status/.."); type("a/2/.."); type("a/2/ns/pid/"); readText("a/2"); readText("a/2/ns/pid"); readDir("a/2/status");
	readLink("a/2"); readLink("a/2/status"); readLink("a/self/"); type("a/self"); readLink("a/self");
	kill(init, SIGKILL);
	waitpid(init, 0, 0);
	readDir("a"); readDir("b"); type("a/1");
	umount2(path("a"), MNT_DETACH); umount2(path("b"), MNT_DETACH);
	rmdir(path("a")); rmdir(path("b")); rmdir(root);
	return 0;
}
