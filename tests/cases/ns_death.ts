/** How a namespace ends: everybody in it dies with its init, and that waits for all of them. */
import { CLONE_NEWPID, PR_SET_PDEATHSIG, SIGCHLD, SIGHUP, SIGKILL, SIGSTOP, WNOHANG } from 'pidns'
import { type Case, equal, exited, fails, inject, killed, newNs, thread } from './case.ts'

export const NS_DEATH: readonly Case[] = [
  {
    source: 'LTP pidns05',
    name: 'the end of the outermost of five nested inits ends them all',
    run({ init }) {
      const boxes = [newNs(init)]
      for (let i = 1; i < 5; i++) boxes.push(newNs(boxes[i - 1]!))
      init.kill(2, SIGKILL)
      equal(
        boxes.map((box) => box.state),
        ['Z', 'X', 'X', 'X', 'X'],
      )
      equal(init.waitpidSync(), killed(2, SIGKILL))
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'when its init exits, everybody in a namespace is killed and gone',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      const tasks = [child, child.fork(), thread(child), newNs(child)]
      box.exit(3)
      equal(
        tasks.map((task) => task.state),
        ['X', 'X', 'X', 'X'],
      )
      equal(init.waitpidSync(), exited(2, 3))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'zombies that its init had not waited for go with it',
    run({ init }) {
      const box = newNs(init)
      const zombie = box.fork()
      zombie.exit()
      equal(zombie.state, 'Z')
      box.exit()
      equal([zombie.state, box.state], ['X', 'Z'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'stopped processes are killed as well',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      box.kill(child.pid, SIGSTOP)
      box.exit()
      equal(child.state, 'X')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'children with another exit signal are reaped as well',
    run({ init }) {
      const box = newNs(init)
      const child = box.clone({ exitSignal: 0 })
      box.exit()
      equal([child.state, box.state], ['X', 'Z'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'its init is no zombie while a guest that outside must wait for holds a number',
    run({ init }) {
      const box = newNs(init)
      const guest = inject(init, box)
      box.exit(5)
      equal([guest.state, box.state, box.exiting], ['Z', 'S', true])
      equal(init.waitpidSync(2, WNOHANG), null)
      equal(init.waitpidSync(3), killed(3, SIGKILL))
      equal(init.waitpidSync(2), exited(2, 5))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a guest whose parent ignores SIGCHLD holds nothing up',
    run({ init }) {
      const parent = init.fork()
      parent.sigaction(SIGCHLD, { handler: 'ign' })
      const box = newNs(init)
      const guest = inject(parent, box)
      box.exit()
      equal([guest.state, box.state], ['X', 'Z'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a process outside in a group that was founded inside holds it up as well',
    run({ init }) {
      const box = newNs(init)
      const founder = box.fork()
      founder.setpgid(0, 0)
      const outsider = inject(init, box)
      const member = init.fork()
      equal(init.setpgid(member.pid, 3), 0)
      outsider.exit()
      init.waitpidSync(4)
      box.exit()
      equal([box.exiting, init.waitpidSync(2, WNOHANG)], [true, null])
      member.setpgid(0, 0)
      equal(init.waitpidSync(2), exited(2))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an init that waits for guests takes no calls, and fork into its namespace is ENOMEM',
    run({ init }) {
      const box = newNs(init)
      const file = box.openNs('pid')
      inject(init, box)
      box.exit()
      const task = init.fork()
      task.setns(file, CLONE_NEWPID)
      fails('ENOMEM', () => task.fork())
      init.waitpidSync(3)
      equal(box.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'nested: an inner init held up by a guest holds up the outer one',
    run({ init }) {
      const box = newNs(init)
      const inner = newNs(box)
      const guest = inject(init, inner)
      box.exit()
      equal([box.exiting, inner.exiting, guest.state], [true, true, 'Z'])
      init.waitpidSync(init.pidOf(guest))
      equal([box.state, inner.state], ['Z', 'X'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a namespace lives while one thread of its init lives, and orphans go to that',
    run({ init }) {
      const box = newNs(init)
      const other = thread(box)
      const parent = box.fork()
      const orphan = parent.fork()
      box.exitThread()
      equal([box.state, other.state], ['Z', 'S'])
      parent.exit()
      equal(orphan.getppid(), 1)
      orphan.exit(2)
      equal(other.waitpidSync(orphan.pid), exited(orphan.pid, 2))
      equal(other.fork().getppid(), 1)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'when the last thread of its init is not the leader, the namespace ends as well',
    run({ init }) {
      const box = newNs(init)
      const other = thread(box)
      const child = box.fork()
      box.exitThread(1)
      other.exitThread(2)
      equal([child.state, other.state, box.state], ['X', 'X', 'Z'])
      equal(init.waitpidSync(), exited(2, 2))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'its init may execute a program from another thread, and stays 1',
    run({ init }) {
      const box = newNs(init)
      const other = thread(box)
      const child = box.fork()
      other.execve()
      equal([other.pid, other.tid, box.state], [1, 1, 'X'])
      equal(child.kill(1, SIGKILL), 0)
      equal([child.getppid(), other.state], [1, 'S'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a death signal of the children does not matter: they are killed',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      child.sigaction(SIGHUP, { handler: 'ign' })
      child.prctl(PR_SET_PDEATHSIG, SIGHUP)
      box.exit()
      equal(child.state, 'X')
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'the numbers of a namespace that is gone are free outside',
    run({ init }) {
      const box = newNs(init)
      box.fork()
      box.exit()
      init.waitpidSync()
      init.sysctl('kernel.ns_last_pid', 1)
      equal([init.fork().pid, init.fork().pid], [2, 3])
    },
  },
]
