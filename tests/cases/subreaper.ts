/** PR_SET_CHILD_SUBREAPER: who adopts orphans. */
import { PR_GET_CHILD_SUBREAPER, PR_SET_CHILD_SUBREAPER } from 'pidns'
import { type Case, equal, exited, fails, newNs, thread } from './case.ts'

export const SUBREAPER: readonly Case[] = [
  {
    source: 'LTP prctl03',
    name: 'a subreaper adopts the orphans among its descendants, and waits for them',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const middle = reaper.fork()
      const orphan = middle.fork()
      middle.exit()
      equal(orphan.getppid(), reaper.pid)
      orphan.exit(5)
      equal(reaper.waitpidSync(), exited(middle.pid))
      equal(reaper.waitpidSync(), exited(orphan.pid, 5))
    },
  },
  {
    source: 'LTP prctl03',
    name: 'to be a subreaper is not inherited',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      equal(reaper.fork().prctl(PR_GET_CHILD_SUBREAPER), 0)
    },
  },
  {
    source: 'gVisor prctl.cc',
    name: 'any argument but 0 means 1',
    run({ init }) {
      const task = init.fork()
      equal(task.prctl(PR_GET_CHILD_SUBREAPER), 0)
      task.prctl(PR_SET_CHILD_SUBREAPER, 42)
      equal(task.prctl(PR_GET_CHILD_SUBREAPER), 1)
      task.prctl(PR_SET_CHILD_SUBREAPER, -1)
      equal(task.prctl(PR_GET_CHILD_SUBREAPER), 1)
      task.prctl(PR_SET_CHILD_SUBREAPER, 0)
      equal(task.prctl(PR_GET_CHILD_SUBREAPER), 0)
    },
  },
  {
    source: 'gVisor prctl.cc',
    name: 'all threads are the same subreaper',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      other.prctl(PR_SET_CHILD_SUBREAPER, 1)
      equal(leader.prctl(PR_GET_CHILD_SUBREAPER), 1)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'execve keeps a subreaper what it is',
    run({ init }) {
      const task = init.fork()
      task.prctl(PR_SET_CHILD_SUBREAPER, 1)
      task.execve()
      equal(task.prctl(PR_GET_CHILD_SUBREAPER), 1)
    },
  },
  {
    source: 'CRIU child_subreaper_existing_child',
    name: 'descendants that were there before are adopted too, since 4.11',
    run({ init }) {
      const reaper = init.fork()
      const middle = reaper.fork()
      const orphan = middle.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      middle.exit()
      equal(orphan.getppid(), reaper.pid)
    },
  },
  {
    source: 'CRIU child_subreaper_and_reparent',
    name: 'the nearest subreaper adopts, and when it ends the next one',
    run({ init }) {
      const outer = init.fork()
      outer.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const inner = outer.fork()
      inner.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const middle = inner.fork()
      const orphan = middle.fork()
      middle.exit()
      equal(orphan.getppid(), inner.pid)
      inner.exit()
      equal(orphan.getppid(), outer.pid)
      outer.exit()
      equal(orphan.getppid(), 1)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'who is no longer a subreaper adopts no more',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const middle = reaper.fork()
      const orphan = middle.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 0)
      middle.exit()
      equal(orphan.getppid(), 1)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a subreaper adopts as long as one thread of it lives',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const other = thread(reaper)
      const middle = other.fork()
      const orphan = middle.fork()
      reaper.exitThread()
      middle.exit()
      equal(orphan.parent, reaper)
      other.exitThread()
      equal(orphan.getppid(), 1)
    },
  },
  {
    source: 'man prctl(2)',
    name: 'inside a namespace its init adopts, though a subreaper waits outside',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const box = newNs(reaper)
      const middle = box.fork()
      const orphan = middle.fork()
      middle.exit()
      equal(orphan.getppid(), 1)
      equal(orphan.parent, box)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a subreaper inside adopts before the init does',
    run({ init }) {
      const box = newNs(init)
      const reaper = box.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const middle = reaper.fork()
      const orphan = middle.fork()
      middle.exit()
      equal(orphan.getppid(), reaper.pid)
    },
  },
  {
    source: 'LTP prctl02',
    name: 'an unknown option is EINVAL',
    run({ init }) {
      fails('EINVAL', () => init.prctl(999))
      fails('EINVAL', () => init.prctl(-1))
    },
  },
]
