/*
 * Handlers of one worker, and calls of another: what is due, and what becomes of it before it has run. Two realms of one thread, so
 * that it is known when the other one goes on: at the end of its own next call, or when this turn ends.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  Kernel,
  SIG_BLOCK,
  SIG_UNBLOCK,
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
  type Task,
} from 'pidns/shared'
import { goOn, newScene, notes, send, sound } from './shared_due_scene.ts'

test('a handler runs where it was given, at the end of the next call there', () => {
  const scene = newScene()
  const { kernel, job, log } = scene
  job.sigaction(SIGUSR1, {
    handler: (sig, task) => void log.push(`${sig} ${task === job} ${task.state}`),
  })
  send(scene, job, SIGUSR1)
  assert.deepEqual(log, [])
  goOn(kernel)
  assert.deepEqual(log, [`${SIGUSR1} true S`])
  goOn(kernel)
  assert.equal(log.length, 1)
  sound(scene)
})

test('or without a call there, once its event loop comes to it', async () => {
  const scene = newScene()
  const { job } = scene
  for (let round = 0; round < 3; round++) {
    const called = new Promise<number>((resolve) => job.sigaction(SIGUSR1, { handler: resolve }))
    send(scene, job, SIGUSR1)
    assert.equal(await called, SIGUSR1)
  }
  sound(scene)
})

test('its own signals a worker handles as one alone does: when the call has returned, inside none', () => {
  const scene = newScene()
  const { kernel, job, log } = scene
  const second = kernel.init.fork()
  job.sigaction(SIGUSR1, {
    handler: () => {
      log.push('begins')
      job.kill(second.pid, SIGUSR1)
      log.push('ends')
    },
  })
  second.sigaction(SIGUSR1, { handler: () => void log.push('second') })
  kernel.init.kill(job.pid, SIGUSR1)
  assert.deepEqual(log, ['begins', 'ends', 'second'])
  sound(scene)
})

test('a signal that comes again before its handler has run is one with the first, for each thread', () => {
  const scene = newScene()
  const { kernel, other, job, log, note } = scene
  const thread = job.clone({ flags: CLONE_PTHREAD })
  job.sigaction(SIGUSR1, { handler: note })
  for (let i = 0; i < 3; i++) send(scene, job, SIGUSR1)
  other.init.tgkill(2, 3, SIGUSR1)
  goOn(kernel)
  assert.deepEqual(log, [`${SIGUSR1} ${job.tid}`, `${SIGUSR1} ${thread.tid}`])
  sound(scene)
})

test('of several signals the one taken last is handled first, and those that threads cause themselves last', () => {
  const scene = newScene()
  const { kernel, job, log, note } = scene
  for (const sig of [SIGHUP, SIGUSR1, SIGTERM, SIGSEGV, 40]) job.sigaction(sig, { handler: note })
  for (const sig of [SIGTERM, SIGSEGV, 40, SIGHUP, SIGUSR1]) send(scene, job, sig)
  goOn(kernel)
  assert.deepEqual(
    log.map((line) => Number.parseInt(line, 10)),
    [40, SIGTERM, SIGUSR1, SIGHUP, SIGSEGV],
  )
  sound(scene)
})

test('a process may have handlers in several workers', () => {
  const scene = newScene()
  const { kernel, job, theirs, log } = scene
  job.sigaction(SIGUSR1, { handler: () => void log.push('first') })
  theirs.sigaction(SIGUSR2, { handler: () => void log.push('second') })
  kernel.init.kill(job.pid, SIGUSR2)
  send(scene, job, SIGUSR1)
  assert.deepEqual(log, ['second'])
  goOn(kernel)
  assert.deepEqual(log, ['second', 'first'])
  sound(scene)
})

test('fork inherits handlers, whichever worker forks: each change is for one process alone', () => {
  const scene = newScene()
  const { kernel, job, theirs, log, note } = scene
  job.sigaction(SIGTERM, { handler: note })
  const [one, two] = [theirs.fork(), job.fork()]
  two.sigaction(SIGTERM, { handler: 'dfl' })
  one.sigaction(SIGUSR1, { handler: (sig) => void log.push(`other ${sig}`) })
  send(scene, one, SIGTERM)
  send(scene, one, SIGUSR1)
  goOn(kernel)
  const three = theirs.fork()
  three.sigaction(SIGTERM, { handler: (sig) => void log.push(`three ${sig}`) })
  send(scene, three, SIGTERM)
  kernel.init.kill(job.pid, SIGTERM)
  assert.deepEqual(log.splice(0), [
    `other ${SIGUSR1}`,
    `${SIGTERM} ${one.pid}`,
    `three ${SIGTERM}`,
    `${SIGTERM} 2`,
  ])
  kernel.init.kill(two.pid, SIGTERM)
  kernel.init.kill(job.pid, SIGUSR1)
  assert.deepEqual([two.state, job.state, one.state], ['Z', 'Z', 'S'])
  sound(scene)
})

test('execve removes handlers, and what is due to them', () => {
  const scene = newScene()
  const { kernel, job, theirs, log, note } = scene
  job.sigaction(SIGUSR1, { handler: note })
  job.sigaction(SIGUSR2, { handler: 'ign' })
  send(scene, job, SIGUSR1)
  theirs.execve('new')
  theirs.sigaction(SIGUSR1, { handler: () => void log.push('new program') })
  theirs.sigaction(SIGUSR1, { handler: 'dfl' })
  goOn(kernel)
  assert.deepEqual([log, job.state, job.comm], [[], 'S', 'new'])
  kernel.init.kill(job.pid, SIGUSR2)
  send(scene, job, SIGUSR1)
  assert.equal(job.state, 'Z')
  sound(scene)
})

test('a process that dies before its handler has run never calls it', () => {
  const scene = newScene()
  const { kernel, other, job, log, note } = scene
  job.sigaction(SIGUSR1, { handler: note })
  send(scene, job, SIGUSR1)
  send(scene, job, SIGKILL)
  other.init.waitpidSync(2)
  goOn(kernel)
  assert.deepEqual([log, job.state], [[], 'X'])
  sound(scene)
})

test('a process that is stopped before its handler has run calls it when it is continued', () => {
  const scene = newScene()
  const { kernel, job, log, note } = scene
  job.sigaction(SIGUSR1, { handler: note })
  send(scene, job, SIGUSR1)
  send(scene, job, SIGSTOP)
  goOn(kernel)
  assert.deepEqual([log, job.state], [[], 'T'])
  send(scene, job, SIGCONT)
  goOn(kernel)
  assert.deepEqual(log, [`${SIGUSR1} ${job.tid}`])
  sound(scene)
})

test('what lay on a stack when the kernel came to be shared is called when another worker continues the process', () => {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  const log: number[] = []
  job.sigaction(SIGUSR1, { handler: (sig) => void log.push(sig) })
  job.sigprocmask(SIG_BLOCK, [SIGUSR1])
  kernel.init.kill(job.pid, SIGUSR1)
  kernel.init.kill(job.pid, SIGSTOP)
  // Taken with the stop: the handler's turn comes after it.
  job.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
  const other = Kernel.join(kernel.handle)
  other.init.kill(2, SIGCONT)
  goOn(kernel)
  assert.deepEqual(log, [SIGUSR1])
  assert.deepEqual([kernel.check(), other.check()], [[], []])
})

test('a signal whose handler has not run meets what it does now: its default, nothing, another function', () => {
  const scene = newScene()
  const { kernel, other, job, log, note } = scene
  const [dfl, chld, ign, moved] = [1, 2, 3, 4].map(() => job.fork()) as [Task, Task, Task, Task]
  for (const task of [dfl, ign, moved]) task.sigaction(SIGUSR1, { handler: note })
  chld.sigaction(SIGCHLD, { handler: note })
  for (const task of [dfl, ign, moved]) send(scene, task, SIGUSR1)
  send(scene, chld, SIGCHLD)
  const there = (task: Task): Task => other.task(task.handle)
  there(dfl).sigaction(SIGUSR1, { handler: 'dfl' })
  there(chld).sigaction(SIGCHLD, { handler: 'dfl' })
  there(ign).sigaction(SIGUSR1, { handler: 'ign' })
  there(ign).sigaction(SIGUSR1, { handler: () => void log.push('dropped') })
  there(moved).sigaction(SIGUSR1, { handler: (sig, task) => void log.push(`other ${sig} ${task.pid}`) })
  goOn(kernel)
  assert.deepEqual(log, [`other ${SIGUSR1} ${moved.pid}`])
  assert.deepEqual([dfl.state, chld.state, ign.state], ['Z', 'S', 'S'])
  sound(scene)
})

test('a signal that is blocked before its handler has run waits until it is unblocked', () => {
  const scene = newScene()
  const { kernel, job, theirs, log, note } = scene
  job.sigaction(SIGUSR1, { handler: note })
  send(scene, job, SIGUSR1)
  assert.deepEqual(theirs.sigprocmask(SIG_BLOCK, [SIGUSR1]), [])
  goOn(kernel)
  assert.deepEqual([log, job.sigpending()], [[], [SIGUSR1]])
  theirs.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
  goOn(kernel)
  assert.deepEqual(log, [`${SIGUSR1} ${job.tid}`])
  sound(scene)
})

test('an init gets from inside what another worker handles', () => {
  const scene = newScene()
  const { kernel, other, log, note } = scene
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  box.sigaction(SIGTERM, { handler: note })
  const inside = other.task(box.handle).fork()
  inside.kill(1, SIGTERM)
  inside.kill(1, SIGINT)
  goOn(kernel)
  assert.deepEqual([log, box.state], [[`${SIGTERM} 1`], 'S'])
  sound(scene)
})

test('the end of a worker: its handlers are gone, and what was due to them meets the default', () => {
  const scene = newScene()
  const { kernel, other, log } = scene
  const [due, idle, caught] = [1, 2, 3].map(() => other.init.fork()) as [Task, Task, Task]
  const third = Kernel.join(kernel.handle)
  for (const task of [due, idle]) third.task(task.handle).sigaction(SIGUSR1, { handler: () => {} })
  const inherited = idle.fork()
  caught.sigaction(SIGUSR1, { handler: (sig) => void log.push(`still ${sig}`) })
  third.task(caught.handle).sigaction(SIGUSR2, { handler: () => {} })
  send(scene, due, SIGUSR1)
  kernel.workerEnded(third.worker)
  assert.deepEqual([due, idle, inherited, caught].map((task) => task.state).join(''), 'ZSSS')
  send(scene, inherited, SIGUSR1)
  send(scene, caught, SIGUSR1)
  assert.deepEqual([inherited.state, caught.state, log], ['Z', 'S', [`still ${SIGUSR1}`]])
  send(scene, caught, SIGUSR2)
  assert.equal(caught.state, 'Z')
  sound(scene)
})

test('a worker that disposes of its kernel lets go: handlers are gone, drivers are told nothing, the processes live on', () => {
  const scene = newScene()
  const { kernel, other } = scene
  const third = Kernel.join(kernel.handle)
  const [due, driven, held] = [1, 2, 3].map(() => third.init.fork()) as [Task, Task, Task]
  const { driver, told } = notes(true)
  due.sigaction(SIGUSR1, { handler: () => told.push(-1) })
  driven.attachDriver(driver)
  held.attachDriver(notes(true).driver)
  send(scene, held, SIGKILL)
  send(scene, due, SIGUSR1)
  assert.equal(other.task(held.handle).exiting, true)
  third.dispose()
  const states = [due, driven, held].map(({ handle }) => other.task(handle).state).join('')
  assert.deepEqual([states, told], ['ZSZ', []])
  other.init.kill(other.task(driven.handle).pid, SIGKILL)
  assert.deepEqual([other.task(driven.handle).state, told], ['Z', []])
  sound(scene)
})

/** A driver that notes what it is told. */
