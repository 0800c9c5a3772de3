/** kill(2) of groups and of everybody. */
import { SIGKILL, SIGTERM, SIGUSR1 } from 'pidns'
import { type Case, equal, fails, killed, newNs, thread } from './case.ts'

export const KILL_MANY: readonly Case[] = [
  {
    source: 'LTP kill02',
    name: 'pid 0 reaches the own group and no other',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const [member, other] = [leader.fork(), leader.fork()]
      other.setpgid(0, 0)
      leader.kill(0, SIGTERM)
      equal([leader.state, member.state, other.state], ['Z', 'Z', 'S'])
    },
  },
  {
    source: 'LTP kill06',
    name: 'a negative pid reaches every member of that group',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const members = [leader.fork(), leader.fork()]
      const outsider = init.fork()
      outsider.kill(-leader.pid, SIGKILL)
      equal(
        [leader, ...members].map((task) => task.state === 'S'),
        [false, false, false],
      )
      equal(outsider.state, 'S')
      equal(init.waitpidSync(), killed(leader.pid, SIGKILL))
    },
  },
  {
    source: 'gVisor kill.cc CannotUseInvalidSignal',
    name: 'an invalid signal to the own group is EINVAL',
    run({ init }) {
      fails('EINVAL', () => init.fork().kill(0, 200))
    },
  },
  {
    source: 'gVisor kill.cc CanKillAllPIDs',
    name: 'pid -1 reaches everybody but 1 and the caller',
    run({ init }) {
      const [a, b, c] = [init.fork(), init.fork(), init.fork()]
      const deep = b.fork()
      equal(a.kill(-1, SIGKILL), 0)
      equal(
        [init, a, b, c, deep].map((task) => task.state === 'S'),
        [true, true, false, false, false],
      )
    },
  },
  {
    source: 'gVisor kill.cc ProcessGroups',
    name: 'a group is ESRCH before it exists, lives with its members, and is ESRCH after them',
    run({ init }) {
      const leader = init.fork()
      fails('ESRCH', () => init.kill(-leader.pid, 0))
      init.setpgid(leader.pid, leader.pid)
      equal(init.kill(-leader.pid, 0), 0)
      const member = init.fork()
      init.setpgid(member.pid, leader.pid)
      leader.exit()
      init.waitpidSync(leader.pid)
      fails('ESRCH', () => init.kill(leader.pid, 0))
      equal(init.kill(-leader.pid, 0), 0)
      member.exit()
      equal(init.kill(-leader.pid, 0), 0)
      init.waitpidSync(member.pid)
      fails('ESRCH', () => init.kill(-leader.pid, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'existence is tested before the signal: a group',
    run({ init }) {
      init.fork().setpgid(0, 0)
      fails('ESRCH', () => init.kill(-99, 65))
      fails('EINVAL', () => init.kill(-2, 65))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'existence is tested before the signal: everybody',
    run({ init }) {
      const box = newNs(init)
      fails('ESRCH', () => box.kill(-1, 65))
      box.fork()
      fails('EINVAL', () => box.kill(-1, 65))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a group of zombies takes a signal too',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      leader.exit(1)
      equal(init.kill(-leader.pid, SIGKILL), 0)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'pid -1 spares all threads of the caller',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      fails('ESRCH', () => other.kill(-1, SIGKILL))
      equal([leader.state, other.state], ['S', 'S'])
    },
  },
  {
    source: 'LTP pidns10',
    name: 'pid -1 by an init that is alone is ESRCH',
    run({ init }) {
      fails('ESRCH', () => newNs(init).kill(-1, SIGKILL))
    },
  },
  {
    source: 'LTP pidns17',
    name: 'pid -1 by an init ends every child of it, and nobody outside',
    run({ init }) {
      const box = newNs(init)
      const children = Array.from({ length: 10 }, () => box.fork())
      equal(box.kill(-1, SIGUSR1), 0)
      for (const child of children) equal(box.waitpidSync(), killed(child.pid, SIGUSR1))
      equal([box.state, init.state], ['S', 'S'])
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'pid -1 reaches whoever is below too, but not the inits that it does not see as 1',
    run({ init }) {
      const box = newNs(init)
      const inner = newNs(box)
      const deep = inner.fork()
      equal(box.kill(-1, SIGKILL), 0)
      equal([deep.state, inner.state, box.state], ['X', 'Z', 'S'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'pid 0 works where the own group is 0, and reaches members outside',
    run({ init }) {
      const parent = init.fork()
      parent.setpgid(0, 0)
      const box = newNs(parent)
      equal(box.getpgid(), 0)
      equal(box.kill(0, SIGTERM), 0)
      equal([box.state, parent.state], ['S', 'Z'])
    },
  },
]
