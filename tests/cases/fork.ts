/** fork(2): who the new task is. */
import { type Case, equal, exited, fails, newNs, thread } from './case.ts'

export const FORK: readonly Case[] = [
  {
    source: 'LTP fork01',
    name: 'fork returns the number that the child calls its own',
    run({ init }) {
      const child = init.fork()
      equal(init.pidOf(child), child.getpid())
      equal(child.getpid(), 2)
    },
  },
  {
    source: 'LTP fork13',
    name: 'no number is given out twice in a row',
    boot: { pidMax: 310 },
    run({ init }) {
      let before = 0
      for (let i = 0; i < 700; i++) {
        const child = init.fork()
        equal(child.pid === before, false)
        before = child.pid
        child.exit()
        init.waitpidSync()
      }
    },
  },
  {
    source: 'LTP fork_procs',
    name: 'of many children each is waited for once',
    run({ init }) {
      const children = Array.from({ length: 100 }, () => init.fork())
      for (const child of children) child.exit(child.pid & 0x7f)
      for (const child of children) equal(init.waitpidSync(), exited(child.pid, child.pid & 0x7f))
      fails('ECHILD', () => init.waitpidSync())
    },
  },
  {
    source: 'LTP getppid02',
    name: "the child's parent is whoever forked it",
    run({ init }) {
      const parent = init.fork()
      equal(parent.fork().getppid(), parent.getpid())
    },
  },
  {
    source: 'LTP getpgid01',
    name: 'a child has the group of its parent, and init leads group 1',
    run({ init }) {
      const child = init.fork()
      equal(child.getpgid(0), init.getpgid(0))
      equal(child.getpgid(init.pid), 1)
      equal(init.getpgid(child.pid), 1)
    },
  },
  {
    source: 'LTP getsid01',
    name: 'a child has the session of its parent',
    run({ init }) {
      const parent = init.fork()
      parent.setsid()
      const child = parent.fork()
      equal(child.getsid(0), parent.pid)
      equal(parent.getsid(0), parent.pid)
    },
  },
  {
    source: 'LTP gettid01',
    name: 'the thread number of a single thread is its process number',
    run({ init }) {
      const child = init.fork()
      equal(child.gettid(), child.getpid())
    },
  },
  {
    source: 'LTP gettid02',
    name: 'each thread of a process has a number of its own',
    run({ init }) {
      const process = init.fork()
      const tids = [process, ...Array.from({ length: 9 }, () => thread(process))].map((t) => t.gettid())
      equal(new Set(tids).size, 10)
    },
  },
  {
    source: 'LTP clone301',
    name: 'a clone with CLONE_NEWPID is 1 to itself and has an ordinary number outside',
    run({ init }) {
      const box = newNs(init)
      equal(box.nspid, [2, 1])
      equal(box.nstgid, [2, 1])
    },
  },
  {
    source: 'man clone(2)',
    name: 'children of threads are children of the process',
    run({ init }) {
      const leader = init.fork()
      const child = thread(leader).fork()
      equal(child.getppid(), leader.pid)
      equal(child.parent, leader)
    },
  },
  {
    source: 'CRIU pthread00',
    name: 'a thread shows its own number and those of its leader',
    run({ init }) {
      const leader = newNs(init)
      const other = thread(leader)
      equal(other.nspid, [3, 2])
      equal(other.nstgid, leader.nspid)
      equal(other.nspgid, leader.nspgid)
      equal(other.nssid, leader.nssid)
    },
  },
  {
    source: 'gVisor processes.cc ThousandsOfThreads',
    name: 'threads come and go by the hundred, and leave nothing',
    run({ init }) {
      const leader = init.fork()
      for (let round = 0; round < 5; round++) {
        const others = Array.from({ length: 200 }, () => thread(leader))
        equal(new Set(others.map((task) => task.tid)).size, 200)
        for (const other of others) other.exitThread()
      }
      leader.exit(1)
      equal(init.waitpidSync(), exited(2, 1))
    },
  },
]
