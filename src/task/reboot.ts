/**
 * reboot(2) inside a PID namespace: it ends the namespace, and the status of its init tells the parent which way.
 * Linux: kernel/reboot.c, kernel/pid_namespace.c (`reboot_pid_ns`). Context: `current` calls.
 */
import { EINVAL, EPERM } from '../abi/errno.ts'
import * as R from '../abi/reboot.ts'
import { SIGHUP, SIGINT, SIGKILL } from '../abi/signal.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { taskActivePidNs } from '../pid/task_link.ts'
import { doExit } from './exit.ts'
import { groupSendSigInfo, TO_GROUP } from './signal_send.ts'
import type { TaskTable } from './table.ts'

/**
 * Kills the init of the caller's namespace, which then seems killed by SIGHUP (restart) or SIGINT (halt, power off),
 * and ends the calling thread with status 0.
 *
 * Returns 0 (the caller is dead), or -EINVAL: another command; in the initial namespace 0 for those that only say what
 * Ctrl-Alt-Del does, and -EPERM for the others, where Linux would stop the machine.
 */
export function reboot(table: TaskTable, current: TaskRef, cmd: number): number {
  const w = table.words
  const ns = taskActivePidNs(table, current)
  const code = rebootCode(cmd)
  if (ns === w[L.H_INIT_NS]) {
    if (code !== 0) return -EPERM
    return cmd === R.LINUX_REBOOT_CMD_CAD_OFF || cmd === (R.LINUX_REBOOT_CMD_CAD_ON | 0) ? 0 : -EINVAL
  }
  if (code === 0) return -EINVAL
  w[ns + L.NS_REBOOT] = code
  groupSendSigInfo(table, SIGKILL, w[ns + L.NS_CHILD_REAPER] as TaskRef, TO_GROUP, true)
  doExit(table, current, 0)
  return 0
}

/** The signal that the init's status shows for a command; 0 for one that ends nothing. Linux: `reboot_pid_ns`. */
function rebootCode(cmd: number): number {
  switch (cmd) {
    case R.LINUX_REBOOT_CMD_RESTART:
    case R.LINUX_REBOOT_CMD_RESTART2 | 0:
      return SIGHUP
    case R.LINUX_REBOOT_CMD_HALT | 0:
    case R.LINUX_REBOOT_CMD_POWER_OFF:
      return SIGINT
    default:
      return 0
  }
}
