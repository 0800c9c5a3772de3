/** reboot(2) inside a namespace. */
import {
  LINUX_REBOOT_CMD_CAD_OFF,
  LINUX_REBOOT_CMD_CAD_ON,
  LINUX_REBOOT_CMD_HALT,
  LINUX_REBOOT_CMD_POWER_OFF,
  LINUX_REBOOT_CMD_RESTART,
  LINUX_REBOOT_CMD_RESTART2,
  SIGHUP,
  SIGINT,
} from 'pidns'
import { type Case, equal, exited, fails, inject, killed, newNs, thread } from './case.ts'

export const REBOOT: readonly Case[] = [
  {
    source: 'man reboot(2)',
    name: 'restart makes its init seem killed by SIGHUP',
    run({ init }) {
      for (const cmd of [LINUX_REBOOT_CMD_RESTART, LINUX_REBOOT_CMD_RESTART2]) {
        const box = newNs(init)
        box.reboot(cmd)
        equal(init.waitpidSync()?.signal, 'SIGHUP')
        equal(box.state, 'X')
      }
    },
  },
  {
    source: 'man reboot(2)',
    name: 'halt and power off make it seem killed by SIGINT',
    run({ init }) {
      for (const cmd of [LINUX_REBOOT_CMD_HALT, LINUX_REBOOT_CMD_POWER_OFF]) {
        const box = newNs(init)
        box.reboot(cmd)
        equal(init.waitpidSync(), killed(init.sysctl('kernel.ns_last_pid'), SIGINT))
      }
    },
  },
  {
    source: 'LTP reboot01',
    name: 'inside a namespace what Ctrl-Alt-Del does cannot be set: EINVAL',
    run({ init }) {
      const box = newNs(init)
      fails('EINVAL', () => box.reboot(LINUX_REBOOT_CMD_CAD_ON))
      fails('EINVAL', () => box.reboot(LINUX_REBOOT_CMD_CAD_OFF))
    },
  },
  {
    source: 'LTP reboot02',
    name: 'an unknown command is EINVAL',
    run({ init }) {
      fails('EINVAL', () => newNs(init).reboot(100))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'any process may reboot its namespace, and ends with status 0 itself',
    run({ init }) {
      const box = newNs(init)
      const guest = inject(init, box)
      guest.reboot(LINUX_REBOOT_CMD_POWER_OFF)
      equal(init.waitpidSync(3), exited(3))
      equal(init.waitpidSync(2), killed(2, SIGINT))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'reboot by a thread ends that thread, and the namespace with the rest of its process',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      const other = thread(child)
      other.reboot(LINUX_REBOOT_CMD_RESTART)
      equal([child.state, other.state], ['X', 'X'])
      equal(init.waitpidSync(), killed(2, SIGHUP))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'reboot in an inner namespace leaves the outer one alone',
    run({ init }) {
      const box = newNs(init)
      const inner = newNs(box)
      inner.fork().reboot(LINUX_REBOOT_CMD_RESTART)
      equal([box.state, inner.state], ['S', 'Z'])
      equal(box.waitpidSync(), killed(2, SIGHUP))
    },
  },
]
