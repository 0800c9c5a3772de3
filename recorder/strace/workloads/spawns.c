/* vfork, posix_spawn with groups and sessions, popen, system; a vfork child that forks, one killed, one that exits. */
#include "calls.h"

extern char **environ;

static void spawn(short flags, pid_t group, char *const argv[]) {
    posix_spawnattr_t attr;
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, flags);
    posix_spawnattr_setpgroup(&attr, group);
    pid_t p;
    int r = posix_spawnp(&p, argv[0], NULL, &attr, argv, environ), status = 0;
    if (r)
        printf("spawn: %s\n", strerrorname_np(r));
    else if (waitpid(p, &status, 0) == p)
        printf("spawned: %d\n", WEXITSTATUS(status));
    fflush(stdout);
}

int main(void) {
    pid_t p = vfork();
    if (p == 0)
        _exit(3);
    waitpid(p, NULL, 0);
    for (int i = 0; i < 3; i++)
        if (vfork() == 0) {
            execlp("sh", "sh", "-c", "sleep 0.05; exit 4", NULL);
            _exit(127);
        }
    while (wait(NULL) > 0)
        ;
    if (vfork() == 0) {
        if (vfork() == 0) {
            execlp("true", "true", NULL);
            _exit(127);
        }
        _exit(5);
    }
    wait(NULL);
    if (vfork() == 0) {
        if (fork() == 0)
            _exit(6);
        wait(NULL);
        kill(getpid(), SIGKILL);
    }
    wait(NULL);
    if (vfork() == 0) {
        execl("/no/such", "such", NULL);
        _exit(127);
    }
    wait(NULL);
    spawn(0, 0, (char *[]){"sh", "-c", "exit 3", NULL});
    spawn(POSIX_SPAWN_SETPGROUP, 0, (char *[]){"sh", "-c", "ps -o pid,ppid,pgid,sid,comm -p $$", NULL});
    spawn(POSIX_SPAWN_SETSID, 0, (char *[]){"sh", "-c", "ps -o pid,ppid,pgid,sid,comm -p $$", NULL});
    spawn(POSIX_SPAWN_SETPGROUP, 999, (char *[]){"true", NULL});
    spawn(0, 0, (char *[]){"/no/such", NULL});
    char line[64];
    FILE *f = popen("seq 3 | tail -n 1", "r");
    if (fgets(line, sizeof line, f))
        fputs(line, stdout);
    say("pclose", pclose(f));
    f = popen("cat >/dev/null; exit 7", "w");
    say("pclose", pclose(f) >> 8);
    say("system", system("exit 8") >> 8);
    return 0;
}
