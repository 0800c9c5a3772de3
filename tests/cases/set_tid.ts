/** clone3(2) with numbers asked for (set_tid): which are granted, and in which order they are refused. */
import { CLONE_NEWPID, CLONE_PTHREAD } from 'pidns'
import { type Case, equal, fails, newNs, thread } from './case.ts'

const SIZES = [33, 64, 65, 1344]

export const SET_TID: readonly Case[] = [
  {
    source: 'selftests clone3/clone3_set_tid',
    name: 'more numbers than there can be levels are EINVAL',
    run({ init }) {
      for (const length of SIZES) {
        fails('EINVAL', () => init.clone({ setTid: Array.from({ length }, () => 1) }))
      }
    },
  },
  {
    source: 'selftests clone3/clone3_set_tid',
    name: 'more numbers than the child has levels are EINVAL',
    run({ init }) {
      fails('EINVAL', () => init.clone({ setTid: [50, 50, 50] }))
      const box = newNs(init)
      fails('EINVAL', () => box.clone({ setTid: [50, 50, 50, 50] }))
      fails('EINVAL', () => init.clone({ setTid: Array(31).fill(50), flags: CLONE_NEWPID }))
    },
  },
  {
    source: 'selftests clone3/clone3_set_tid',
    name: '0, -1 and pid_max are EINVAL',
    run({ init }) {
      for (const nr of [0, -1, 32768, 0x7fffffff]) {
        fails('EINVAL', () => init.clone({ setTid: [nr] }))
        fails('EINVAL', () => init.clone({ setTid: [nr], flags: CLONE_NEWPID }))
      }
      equal(init.clone({ setTid: [32767] }).pid, 32767)
    },
  },
  {
    source: 'selftests clone3/clone3_set_tid',
    name: '1 is EEXIST where there is an init',
    run({ init }) {
      fails('EEXIST', () => init.clone({ setTid: [1] }))
      fails('EEXIST', () => newNs(init).clone({ setTid: [1] }))
    },
  },
  {
    source: 'selftests clone3/clone3_set_tid',
    name: 'the number of a child that was waited for can be had again',
    run({ init }) {
      const child = init.fork()
      fails('EEXIST', () => init.clone({ setTid: [2] }))
      child.exit()
      fails('EEXIST', () => init.clone({ setTid: [2] }))
      init.waitpidSync()
      equal(init.clone({ setTid: [2] }).pid, 2)
    },
  },
  {
    source: 'selftests clone3/clone3_set_tid',
    name: 'the first number of a new namespace can be none but 1',
    run({ init }) {
      fails('EINVAL', () => init.clone({ setTid: [2], flags: CLONE_NEWPID }))
      fails('EINVAL', () => init.clone({ setTid: [42], flags: CLONE_NEWPID }))
      equal(init.clone({ setTid: [1], flags: CLONE_NEWPID }).pid, 1)
    },
  },
  {
    source: 'selftests clone3/clone3_set_tid',
    name: 'a new init can have a chosen number outside',
    run({ init }) {
      equal(init.clone({ setTid: [1, 777], flags: CLONE_NEWPID }).nspid, [777, 1])
    },
  },
  {
    source: 'selftests clone3/clone3_set_tid',
    name: 'numbers at three levels, innermost first',
    run({ init }) {
      const box = newNs(init)
      equal(box.clone({ setTid: [1, 42, 888], flags: CLONE_NEWPID }).nspid, [888, 42, 1])
    },
  },
  {
    source: 'man clone(2)',
    name: 'levels that were not asked for get the next number',
    run({ init }) {
      const box = newNs(init)
      equal(box.clone({ setTid: [30] }).nspid, [3, 30])
      equal(box.fork().nspid, [4, 2])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'what was asked for does not move the cursor',
    run({ init }) {
      init.clone({ setTid: [500] })
      equal(init.sysctl('kernel.ns_last_pid'), 1)
      equal(init.fork().pid, 2)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the search passes over what was asked for',
    run({ init }) {
      init.clone({ setTid: [2] })
      init.clone({ setTid: [3] })
      equal(init.fork().pid, 4)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a number that only a group or a session uses is EEXIST',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      leader.fork()
      leader.exit()
      init.waitpidSync(2)
      fails('ESRCH', () => init.kill(2, 0))
      fails('EEXIST', () => init.clone({ setTid: [2] }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the number of a thread is EEXIST',
    run({ init }) {
      const other = thread(init.fork())
      fails('EEXIST', () => init.clone({ setTid: [other.tid] }))
      other.exitThread()
      equal(init.clone({ setTid: [3] }).pid, 3)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a thread can have a chosen number',
    run({ init }) {
      equal(init.fork().clone({ flags: CLONE_PTHREAD, setTid: [99] }).tid, 99)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'levels are looked at from the innermost outwards',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      equal(child.nspid, [3, 2])
      fails('EEXIST', () => box.clone({ setTid: [2, 0] }))
      fails('EINVAL', () => box.clone({ setTid: [0, 3] }))
      fails('EEXIST', () => box.clone({ setTid: [50, 3] }))
      fails('EINVAL', () => box.clone({ setTid: [50, 0] }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'what a failed clone had taken is free again',
    run({ init }) {
      const box = newNs(init)
      fails('EEXIST', () => box.clone({ setTid: [50, 1] }))
      equal(box.clone({ setTid: [50] }).pid, 50)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a clone that failed for its number leaves a new namespace as it was',
    run({ init }) {
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      fails('EINVAL', () => task.clone({ setTid: [5] }))
      fails('EEXIST', () => task.clone({ setTid: [1, 2] }))
      equal(task.fork().pid, 1)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'in a dead namespace any number is ENOMEM',
    run({ init }) {
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      task.fork().exit()
      task.waitpidSync()
      for (const nr of [1, 5]) fails('ENOMEM', () => task.clone({ setTid: [nr] }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an invalid number is noticed before a dead namespace, and before a number that is taken',
    run({ init }) {
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      task.fork().exit()
      fails('EINVAL', () => task.clone({ setTid: [0] }))
      fails('EINVAL', () => task.clone({ setTid: [0, 1] }))
      fails('EEXIST', () => task.clone({ setTid: [7, 1] }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the pid_max that counts is that of each level',
    run({ init }) {
      const box = newNs(init)
      box.sysctl('kernel.pid_max', 400)
      fails('EINVAL', () => box.clone({ setTid: [400] }))
      fails('EINVAL', () => box.clone({ setTid: [399, 32768] }))
      equal(box.clone({ setTid: [399, 32767] }).nspid, [32767, 399])
    },
  },
  {
    source: 'CRIU pid00',
    name: 'a tree can be made again with the numbers that it had',
    run({ init }) {
      const box = newNs(init)
      const child = box.clone({ setTid: [120] })
      const grandchild = child.clone({ setTid: [110] })
      equal([grandchild.pid, grandchild.getppid(), child.getppid()], [110, 120, 1])
    },
  },
]
