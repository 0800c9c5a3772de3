/** setsid(2), getpgid(2), getsid(2): sessions and groups, in trees and across namespaces. */
import { CLONE_NEWPID, CLONE_PARENT, SIGKILL } from 'pidns'
import { type Case, equal, fails, inject, newNs, thread } from './case.ts'

export const SESSION: readonly Case[] = [
  {
    source: 'LTP getpgid02',
    name: 'the group of nobody is ESRCH',
    run({ init }) {
      fails('ESRCH', () => init.getpgid(-99))
      fails('ESRCH', () => init.getpgid(32767))
    },
  },
  {
    source: 'LTP getsid02',
    name: 'the session of nobody is ESRCH',
    run({ init }) {
      fails('ESRCH', () => init.getsid(-1))
      fails('ESRCH', () => init.getsid(32767))
    },
  },
  {
    source: 'LTP setsid01',
    name: 'whoever leads a group cannot found a session',
    run({ init }) {
      const child = init.fork()
      child.setpgid(0, 0)
      fails('EPERM', () => child.setsid())
    },
  },
  {
    source: 'LTP setsid01',
    name: 'setsid works once',
    run({ init }) {
      const child = init.fork()
      equal(child.setsid(), child.pid)
      equal([child.getsid(), child.getpgid()], [child.pid, child.pid])
      fails('EPERM', () => child.setsid())
    },
  },
  {
    source: 'Linux 6.18',
    name: 'setsid is EPERM while any group has the number of the caller, also one that it left',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const member = leader.fork()
      leader.setpgid(0, 1)
      fails('EPERM', () => leader.setsid())
      member.exit()
      fails('EPERM', () => leader.setsid())
      leader.waitpidSync()
      equal(leader.setsid(), leader.pid)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'setsid by a thread makes the process a session leader',
    run({ init }) {
      const leader = init.fork()
      equal(thread(leader).setsid(), leader.pid)
      equal([leader.getsid(), leader.getpgid()], [2, 2])
      fails('EPERM', () => leader.setsid())
    },
  },
  {
    source: 'Linux 6.18',
    name: 'getpgid and getsid take the number of a thread, of a zombie, of another session',
    run({ init }) {
      const leader = init.fork()
      leader.setsid()
      const other = thread(leader)
      equal([init.getpgid(other.tid), init.getsid(other.tid)], [2, 2])
      leader.exit()
      equal([init.getpgid(2), init.getsid(2)], [2, 2])
      init.waitpidSync()
      fails('ESRCH', () => init.getpgid(2))
      fails('ESRCH', () => init.getsid(2))
    },
  },
  {
    source: 'LTP pidns02',
    name: 'a new init is in session 0 and group 0, and setsid makes both 1',
    run({ init }) {
      const box = newNs(init)
      equal([box.getsid(0), box.getpgid(0)], [0, 0])
      equal(box.setsid(), 1)
      equal([box.getsid(0), box.getpgid(0)], [1, 1])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a new init can found its group instead, and then no session',
    run({ init }) {
      const box = newNs(init)
      equal(box.setpgid(0, 0), 0)
      equal([box.getsid(), box.getpgid()], [0, 1])
      fails('EPERM', () => box.setsid())
    },
  },
  {
    source: 'Linux 6.18',
    name: 'children in a new namespace see group and session of outside as 0',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      equal([child.getpgid(), child.getsid(), child.getpgid(1), child.getsid(1)], [0, 0, 0, 0])
      equal([init.getpgid(init.pidOf(child)), init.getsid(init.pidOf(child))], [1, 1])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'numbers of group and session at every level, 0 where they are not seen',
    run({ init }) {
      const parent = init.fork()
      parent.setsid()
      const box = newNs(parent)
      const inner = newNs(box)
      equal(
        [inner.nspid, inner.nspgid, inner.nssid],
        [
          [4, 2, 1],
          [2, 0, 0],
          [2, 0, 0],
        ],
      )
      inner.setsid()
      equal(
        [inner.nspgid, inner.nssid],
        [
          [4, 2, 1],
          [4, 2, 1],
        ],
      )
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an outside parent can give its child inside a group by the number that it sees',
    run({ init }) {
      const box = newNs(init)
      equal(init.setpgid(2, 2), 0)
      equal([box.getpgid(), init.getpgid(2)], [1, 2])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a process outside can join a group that was founded inside',
    run({ init }) {
      const box = newNs(init)
      box.setpgid(0, 0)
      const child = init.fork()
      equal(child.setpgid(0, 2), 0)
      equal([child.getpgid(), box.getpgid()], [2, 1])
    },
  },
  {
    source: 'CRIU session00',
    name: 'a session outlives its leader, and children go on naming it',
    run({ init }) {
      const leader = init.fork()
      leader.setsid()
      const child = leader.fork()
      leader.exit()
      init.waitpidSync(leader.pid)
      equal([child.getsid(), child.getpgid(), child.getppid()], [2, 2, 1])
      equal(child.setsid(), child.pid)
      fails('ESRCH', () => init.getsid(2))
    },
  },
  {
    source: 'CRIU session00',
    name: 'a child keeps the session that its parent leaves',
    run({ init }) {
      const parent = init.fork()
      parent.setsid()
      const middle = parent.fork()
      const child = middle.fork()
      middle.setsid()
      equal([child.getsid(), middle.getsid()], [parent.pid, middle.pid])
    },
  },
  {
    source: 'CRIU session01',
    name: 'numbers of parents, groups and sessions in a tree with dead leaders',
    run({ init }) {
      const a = init.fork()
      a.setsid()
      const b = a.fork()
      b.setpgid(0, 0)
      const c = b.fork()
      const d = c.clone({ flags: CLONE_PARENT })
      b.exit()
      a.waitpidSync(b.pid)
      equal([c.getppid(), c.getpgid(), c.getsid()], [1, 3, 2])
      equal([d.getppid(), d.getpgid(), d.getsid()], [1, 3, 2])
      equal([c.nspgid, c.nssid], [[3], [2]])
    },
  },
  {
    source: 'CRIU zombie01',
    name: 'a zombie keeps its group and its session',
    run({ init }) {
      const child = init.fork()
      child.setpgid(0, 0)
      child.exit()
      equal([init.getpgid(2), init.getsid(2)], [2, 1])
      equal([child.nspgid, child.nssid], [[2], [1]])
    },
  },
  {
    source: 'CRIU zombie_leader',
    name: 'a session and a group whose leader is a zombie are joined by children as ever',
    run({ init }) {
      const leader = init.fork()
      leader.setsid()
      const child = leader.fork()
      leader.exit()
      const grandchild = child.fork()
      equal([grandchild.getsid(), grandchild.getpgid()], [2, 2])
      grandchild.setpgid(0, 0)
      equal(grandchild.setpgid(0, 2), 0)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a number is not given out while a group or a session uses it',
    boot: { pidMax: 310 },
    run({ init }) {
      const leader = init.fork()
      leader.setsid()
      const member = leader.fork()
      leader.exit()
      init.waitpidSync(leader.pid)
      init.sysctl('kernel.ns_last_pid', 1)
      equal(init.fork().pid, 4)
      init.kill(member.pid, SIGKILL)
      init.waitpidSync(member.pid)
      init.sysctl('kernel.ns_last_pid', 1)
      equal(init.fork().pid, 2)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'somebody injected has the group and session of its outside parent',
    run({ init }) {
      const parent = init.fork()
      parent.setsid()
      const box = parent.clone({ flags: CLONE_NEWPID })
      box.setsid()
      const guest = inject(parent, box)
      equal([guest.getpgid(), guest.getsid(), guest.getppid()], [0, 0, 0])
      equal(
        [guest.nspgid, guest.nssid],
        [
          [2, 0],
          [2, 0],
        ],
      )
      fails('EPERM', () => guest.setpgid(0, 1))
    },
  },
]
