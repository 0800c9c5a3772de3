/*
 * Signals with handlers, blocked signals, pending ones.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  Kernel,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
} from 'pidns'

test('a handler is called after the call that sent the signal, with the signal and the task', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const calls: string[] = []
  child.sigaction(SIGUSR1, { handler: (sig, task) => void calls.push(`${sig} ${task === child}`) })
  assert.equal(kernel.init.kill(child.pid, SIGUSR1), 0)
  assert.deepEqual(calls, [`${SIGUSR1} true`])
  assert.equal(child.state, 'S')
  assert.deepEqual(kernel.check(), [])
})

test('fork inherits handlers, execve removes them', () => {
  const kernel = Kernel.boot()
  const parent = kernel.init.fork()
  let calls = 0
  parent.sigaction(SIGTERM, { handler: () => void calls++ })
  const child = parent.fork()
  parent.kill(child.pid, SIGTERM)
  assert.deepEqual([calls, child.state], [1, 'S'])
  child.execve('new')
  parent.kill(child.pid, SIGTERM)
  assert.deepEqual([calls, child.state], [1, 'Z'])
  kernel.init.kill(parent.pid, SIGTERM)
  assert.deepEqual([calls, parent.state], [2, 'S'])
  assert.deepEqual(kernel.check(), [])
})

test('a namespace init gets from inside only the signals that it catches', () => {
  const kernel = Kernel.boot()
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  const inside = box.fork()
  let calls = 0
  inside.kill(1, SIGTERM)
  box.sigaction(SIGTERM, { handler: () => void calls++ })
  inside.kill(1, SIGTERM)
  inside.kill(1, SIGKILL)
  assert.deepEqual([calls, box.state], [1, 'S'])
  assert.deepEqual(kernel.check(), [])
})

test('a blocked signal waits until it is unblocked', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  assert.deepEqual(child.sigprocmask(SIG_BLOCK, [SIGUSR1, SIGKILL]), [])
  kernel.init.kill(child.pid, SIGUSR1)
  assert.deepEqual([child.state, child.sigpending()], ['S', [SIGUSR1]])
  assert.deepEqual(child.sigprocmask(SIG_UNBLOCK, [SIGUSR1]), [SIGUSR1])
  assert.equal(child.state, 'Z')
  assert.deepEqual(kernel.check(), [])
})

test('SIGKILL and SIGSTOP cannot be blocked', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  child.sigprocmask(SIG_SETMASK, [SIGKILL, SIGSTOP, SIGTERM])
  assert.deepEqual(child.sigprocmask(SIG_BLOCK), [SIGTERM])
  kernel.init.kill(child.pid, SIGSTOP)
  assert.equal(child.state, 'T')
  kernel.init.kill(child.pid, SIGKILL)
  assert.equal(child.state, 'Z')
  assert.deepEqual(kernel.check(), [])
})

test('a blocked signal is queued even for an init, and dropped when it is unblocked with its default action', () => {
  const kernel = Kernel.boot()
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  box.sigprocmask(SIG_BLOCK, [SIGTERM])
  box.fork().kill(1, SIGTERM)
  assert.deepEqual(box.sigpending(), [SIGTERM])
  box.sigprocmask(SIG_SETMASK, [])
  assert.deepEqual([box.state, box.sigpending()], ['S', []])
  assert.deepEqual(kernel.check(), [])
})

test('a signal that one thread blocks is taken by another', () => {
  const kernel = Kernel.boot()
  const leader = kernel.init.fork()
  const thread = leader.clone({ flags: CLONE_PTHREAD })
  leader.sigprocmask(SIG_BLOCK, [SIGUSR1])
  const taken: number[] = []
  leader.sigaction(SIGUSR1, { handler: (_, task) => void taken.push(task.tid) })
  kernel.init.kill(leader.pid, SIGUSR1)
  assert.deepEqual(taken, [thread.tid])
  assert.deepEqual(kernel.check(), [])
})

test('blocking a signal that is pending for the group hands it to a thread that does not block it', () => {
  const kernel = Kernel.boot()
  const leader = kernel.init.fork()
  const thread = leader.clone({ flags: CLONE_PTHREAD })
  const taken: number[] = []
  leader.sigaction(SIGUSR2, { handler: (_, task) => void taken.push(task.tid) })
  leader.sigprocmask(SIG_BLOCK, [SIGUSR2])
  thread.sigprocmask(SIG_BLOCK, [SIGUSR2])
  kernel.init.kill(leader.pid, SIGUSR2)
  assert.deepEqual([taken, leader.sigpending()], [[], [SIGUSR2]])
  thread.sigprocmask(SIG_UNBLOCK, [SIGUSR2])
  assert.deepEqual(taken, [thread.tid])
  assert.deepEqual(kernel.check(), [])
})

test('the mask is inherited by fork and kept by execve; what is pending is not inherited', () => {
  const kernel = Kernel.boot()
  const parent = kernel.init.fork()
  parent.sigprocmask(SIG_BLOCK, [SIGTERM])
  kernel.init.kill(parent.pid, SIGTERM)
  const child = parent.fork()
  assert.deepEqual(child.sigpending(), [])
  child.execve()
  kernel.init.kill(child.pid, SIGTERM)
  assert.deepEqual([child.state, child.sigpending()], ['S', [SIGTERM]])
  assert.deepEqual(kernel.check(), [])
})

test('a signal for a stopped process with a handler waits for SIGCONT', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  let calls = 0
  child.sigaction(SIGUSR1, { handler: () => void calls++ })
  kernel.init.kill(child.pid, SIGSTOP)
  kernel.init.kill(child.pid, SIGUSR1)
  assert.equal(calls, 0)
  kernel.init.kill(child.pid, SIGCONT)
  assert.deepEqual([calls, child.state], [1, 'S'])
  assert.deepEqual(kernel.check(), [])
})

test('a handler may send signals that call handlers: one after the other, none inside another', () => {
  const kernel = Kernel.boot()
  const a = kernel.init.fork()
  const b = kernel.init.fork()
  const order: string[] = []
  a.sigaction(SIGUSR1, {
    handler: () => {
      order.push('a begins')
      a.kill(b.pid, SIGUSR1)
      order.push('a ends')
    },
  })
  b.sigaction(SIGUSR1, { handler: () => void order.push('b') })
  kernel.init.kill(a.pid, SIGUSR1)
  assert.deepEqual(order, ['a begins', 'a ends', 'b'])
  assert.deepEqual(kernel.check(), [])
})
