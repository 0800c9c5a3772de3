/* reboot() inside a PID namespace ends its init by a signal, and so everything in it. */
#include "calls.h"
#include <linux/reboot.h>
#include <sched.h>

static void inside(unsigned command) {
    long p = fork_with(CLONE_NEWPID, SIGCHLD);
    if (p == 0) {
        for (int i = 0; i < 3; i++)
            if (fork() == 0) {
                if (i == 2) {
                    nap(30);
                    syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, NULL);
                }
                pause();
            }
        while (wait(NULL) > 0)
            ;
        pause();
    }
    int status;
    waitpid(p, &status, 0);
    say("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

int main(void) {
    /* Never where it would reach the machine: only a child of this process's own new namespace calls it. */
    inside(LINUX_REBOOT_CMD_RESTART);
    inside(LINUX_REBOOT_CMD_HALT);
    inside(LINUX_REBOOT_CMD_POWER_OFF);
    return 0;
}
