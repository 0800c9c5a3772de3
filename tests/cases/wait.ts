/** wait4(2): whose end is waited for, and what is refused. */
import { SIGKILL, SIGTERM, WEXITED, WNOHANG, WNOWAIT, WUNTRACED } from 'pidns'
import { type Case, equal, exited, fails, killed, newNs, thread } from './case.ts'

const INT_MIN = -0x80000000

export const WAIT: readonly Case[] = [
  {
    source: 'LTP wait01',
    name: 'wait without children is ECHILD',
    run({ init }) {
      fails('ECHILD', () => init.fork().waitpidSync())
    },
  },
  {
    source: 'LTP wait02',
    name: "wait gives the child's number and exit code",
    run({ init }) {
      init.fork().exit(42)
      equal(init.waitpidSync(), { pid: 2, status: 42 << 8, code: 42 })
    },
  },
  {
    source: 'LTP wait402',
    name: 'a number that pid_max excludes is ECHILD',
    run({ init }) {
      init.fork()
      fails('ECHILD', () => init.waitpidSync(init.sysctl('kernel.pid_max') + 1))
    },
  },
  {
    source: 'LTP wait403',
    name: 'INT_MIN is ESRCH',
    run({ init }) {
      fails('ESRCH', () => init.waitpidSync(INT_MIN))
    },
  },
  {
    source: 'LTP waitpid01',
    name: 'the status of a killed child is the signal, for every signal that kills',
    run({ init }) {
      const harmless = [17, 18, 19, 20, 21, 22, 23, 28]
      for (let sig = 1; sig <= 64; sig++) {
        if (harmless.includes(sig)) continue
        const child = init.fork()
        init.kill(child.pid, sig)
        equal(init.waitpidSync(child.pid), killed(child.pid, sig))
      }
    },
  },
  {
    source: 'LTP waitpid03',
    name: 'a child that was waited for cannot be waited for again',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      a.exit()
      b.exit()
      equal(init.waitpidSync(b.pid), exited(3))
      fails('ECHILD', () => init.waitpidSync(b.pid))
      equal(init.waitpidSync(a.pid), exited(2))
    },
  },
  {
    source: 'LTP waitpid04',
    name: 'for 1, who is no child, it is ECHILD',
    run({ init }) {
      fails('ECHILD', () => init.fork().waitpidSync(1))
    },
  },
  {
    source: 'LTP waitpid04',
    name: 'unknown options are EINVAL',
    run({ init }) {
      init.fork()
      fails('EINVAL', () => init.waitpidSync(-1, -1))
      fails('EINVAL', () => init.waitpidSync(-1, 16))
    },
  },
  {
    source: 'LTP waitpid08',
    name: 'pid -1 waits for children of all groups',
    run({ init }) {
      const children = [0, 1, 2, 3].map(() => init.fork())
      children.forEach((child, i) => {
        child.setpgid(0, i < 2 ? 0 : 4)
        child.exit(3)
      })
      for (const child of children) equal(init.waitpidSync(-1, WUNTRACED), exited(child.pid, 3))
    },
  },
  {
    source: 'LTP waitpid09',
    name: 'WNOHANG gives nothing while the child lives, then the child, then ECHILD',
    run({ init }) {
      const child = init.fork()
      equal(init.waitpidSync(child.pid, WNOHANG), null)
      child.exit()
      equal(init.waitpidSync(child.pid, WNOHANG), exited(2))
      fails('ECHILD', () => init.waitpidSync(child.pid, WNOHANG))
    },
  },
  {
    source: 'LTP waitpid11',
    name: 'pid 0 waits for children of the own group only',
    run({ init }) {
      const [own, other] = [init.fork(), init.fork()]
      other.setpgid(0, 0)
      other.exit(1)
      equal(init.waitpidSync(0, WNOHANG), null)
      own.exit(2)
      equal(init.waitpidSync(0), exited(2, 2))
      fails('ECHILD', () => init.waitpidSync(0))
      equal(init.waitpidSync(), exited(3, 1))
    },
  },
  {
    source: 'LTP waitpid12',
    name: 'a pid below -1 waits for children of that group only',
    run({ init }) {
      const [own, other] = [init.fork(), init.fork()]
      other.setpgid(0, 0)
      own.exit(1)
      equal(init.waitpidSync(-other.pid, WNOHANG), null)
      other.exit(2)
      equal(init.waitpidSync(-other.pid), exited(3, 2))
      fails('ECHILD', () => init.waitpidSync(-other.pid))
    },
  },
  {
    source: 'gVisor wait.cc MultipleForkOutOfOrder',
    name: 'children can be waited for in another order than they ended',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      b.exit(2)
      a.exit(1)
      equal(init.waitpidSync(a.pid), exited(2, 1))
      equal(init.waitpidSync(b.pid), exited(3, 2))
    },
  },
  {
    source: 'gVisor wait.cc BadChild',
    name: 'a number that nobody has is ECHILD',
    run({ init }) {
      init.fork()
      fails('ECHILD', () => init.waitpidSync(1000))
    },
  },
  {
    source: 'gVisor wait.cc AfterChildExecve',
    name: 'a child whose other thread has executed a program is waited for by its old number',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      other.execve()
      other.exit(8)
      equal(init.waitpidSync(leader.pid), exited(2, 8))
    },
  },
  {
    source: 'man wait4(2)',
    name: 'WEXITED and WNOWAIT are unknown options here',
    run({ init }) {
      init.fork().exit()
      fails('EINVAL', () => init.waitpidSync(-1, WEXITED))
      fails('EINVAL', () => init.waitpidSync(-1, WNOWAIT))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'bad options are noticed before INT_MIN, and that before the lack of children',
    run({ init }) {
      const alone = init.fork()
      fails('EINVAL', () => alone.waitpidSync(INT_MIN, WEXITED))
      fails('ESRCH', () => alone.waitpidSync(INT_MIN, WNOHANG))
    },
  },
  {
    source: 'man wait4(2)',
    name: 'without any eligible child WNOHANG is ECHILD too',
    run({ init }) {
      fails('ECHILD', () => init.waitpidSync(-1, WNOHANG))
      init.fork()
      fails('ECHILD', () => init.waitpidSync(-77, WNOHANG))
    },
  },
  {
    source: 'man wait4(2)',
    name: 'neither a grandchild, nor a sibling, nor the caller is a child',
    run({ init }) {
      const child = init.fork()
      const sibling = init.fork()
      const grandchild = child.fork()
      fails('ECHILD', () => init.waitpidSync(grandchild.pid))
      fails('ECHILD', () => child.waitpidSync(sibling.pid))
      fails('ECHILD', () => child.waitpidSync(child.pid))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a number that lives on as a group only is nobody to wait for',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const member = leader.fork()
      leader.exit()
      init.waitpidSync(leader.pid)
      fails('ECHILD', () => init.waitpidSync(leader.pid))
      member.exit(4)
      equal(init.waitpidSync(-leader.pid), exited(member.pid, 4))
    },
  },
  {
    source: 'man clone(2)',
    name: 'the exit signal is sent to the parent, and can end it',
    run({ init }) {
      const parent = init.fork()
      parent.clone({ exitSignal: SIGTERM }).exit()
      equal(init.waitpidSync(parent.pid), killed(2, SIGTERM))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'pid 0 finds the group even where its number is 0',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      equal(box.getpgid(), 0)
      child.exit(1)
      equal(box.waitpidSync(0), exited(child.pid, 1))
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'wait gives the number that the waiter sees',
    run({ init }) {
      const box = newNs(init)
      box.fork()
      box.kill(2, SIGKILL)
      equal(box.waitpidSync(), killed(2, SIGKILL))
      init.kill(2, SIGKILL)
      equal(init.waitpidSync(), killed(2, SIGKILL))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a wait ends when the child is there that it waits for',
    async run({ init }) {
      const parent = init.fork()
      const [a, b] = [parent.fork(), parent.fork()]
      const wait = parent.waitpid(b.pid)
      a.exit(1)
      b.exit(2)
      equal(await wait, exited(b.pid, 2))
      equal(parent.waitpidSync(), exited(a.pid, 1))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a wait for a child that another thread takes ends with ECHILD',
    async run({ init }) {
      const parent = init.fork()
      const other = thread(parent)
      const child = parent.fork()
      const [first, second] = [parent.waitpid(child.pid), other.waitpid(child.pid)]
      child.exit(1)
      const ends = await Promise.allSettled([first, second])
      equal(ends.map((end) => end.status).sort(), ['fulfilled', 'rejected'])
    },
  },
]
