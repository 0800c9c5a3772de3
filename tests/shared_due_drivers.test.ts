/*
 * Drivers of one worker, and calls of another. Two realms of one thread, as in shared_due.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLONE_NEWPID,
  Kernel,
  SIGCONT,
  SIGINT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  type Task,
} from 'pidns/shared'
import * as L from '#internal/mm/layout.js'
import { goOn, newScene, notes, send, sound } from './shared_due_scene.ts'

test('a driver is told where it is what another worker does to its task', () => {
  const scene = newScene()
  const { kernel, other, job, theirs } = scene
  const { told, control, driver } = notes(true)
  assert.equal(job.attachDriver(driver), control())
  for (const sig of [SIGSTOP, SIGCONT, SIGTERM]) {
    send(scene, job, sig)
    goOn(kernel)
  }
  assert.deepEqual([told, theirs.exiting], [[SIGSTOP, SIGCONT, SIGTERM], true])
  control().exited(1)
  assert.equal(theirs.state, 'Z')
  assert.deepEqual(other.init.waitpidSync(), { pid: 2, status: SIGTERM, signal: 'SIGTERM' })
  control().exited(2)
  sound(scene)
})

test('a driver that has not been told yet is told of the last stop or continuation, or of the end', () => {
  const scene = newScene()
  const { kernel, job } = scene
  const second = kernel.init.fork()
  const drivers = [notes(false), notes(true)] as const
  job.attachDriver(drivers[0].driver)
  second.attachDriver(drivers[1].driver)
  for (const sig of [SIGSTOP, SIGCONT, SIGSTOP]) send(scene, job, sig)
  for (const sig of [SIGSTOP, SIGCONT, SIGINT]) send(scene, second, sig)
  goOn(kernel)
  assert.deepEqual(
    drivers.map(({ told }) => told),
    [[SIGSTOP], [SIGINT]],
  )
  drivers[1].control().exited(0)
  sound(scene)
})

test('what the driver reports counts, though the table has not told it yet', () => {
  const scene = newScene()
  const { kernel, other, job } = scene
  const { told, control, driver } = notes(true)
  job.attachDriver(driver)
  send(scene, job, SIGKILL)
  control().exited(5)
  assert.deepEqual(other.init.waitpidSync(), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
  goOn(kernel)
  assert.deepEqual(told, [])
  sound(scene)
})

test('a driver is told of an end that another worker has reaped already; only then is the record used again', {
  timeout: 60_000,
}, async () => {
  const scene = newScene()
  const { kernel, other } = scene
  const { words } = kernel.handle
  const slots = (): number => words[L.H_SLABS + L.SLAB_TASK * L.SLAB_WORDS + L.SLAB_LIVE] as number
  const before = slots()
  const drivers = Array.from({ length: 30 }, () => notes(false))
  const tasks = drivers.map(({ driver }) => {
    const task = kernel.init.fork()
    task.attachDriver(driver)
    return task
  })
  const controls = drivers.map(({ control }) => control())
  for (const task of tasks) {
    send(scene, task, SIGTERM)
    other.init.waitpidSync()
    assert.throws(() => other.task(task.handle), { code: 'ESRCH' })
  }
  const others = Array.from({ length: 30 }, () => other.init.fork())
  for (const control of controls) control.exited(3)
  assert.deepEqual(
    drivers.flatMap(({ told }) => told),
    drivers.map(() => SIGTERM),
  )
  assert.ok(others.every((task) => task.state === 'S'))
  for (const task of others) {
    task.exit()
    other.init.waitpidSync(task.pid)
  }
  // Records come back when a grace period is over.
  while (slots() !== before) await new Promise((resolve) => setTimeout(resolve, 1, goOn(kernel)))
  sound(scene)
})

test('a task has one driver, in one worker: EBUSY in another; in the same the last counts', () => {
  const scene = newScene()
  const { kernel, job, theirs } = scene
  const [one, two] = [notes(false), notes(false)]
  job.attachDriver(one.driver)
  assert.throws(() => theirs.attachDriver(two.driver), { code: 'EBUSY', syscall: 'attachDriver' })
  job.attachDriver(two.driver)
  one.control().exited(1)
  send(scene, job, SIGSTOP)
  goOn(kernel)
  assert.deepEqual([one.told, two.told, job.state], [[], [SIGSTOP], 'T'])
  sound(scene)
})

test('a signal that a driver catches is delivered where it is', () => {
  const scene = newScene()
  const { kernel, job } = scene
  const delivered: number[] = []
  job.attachDriver({
    catches: [SIGUSR1, SIGKILL],
    deliver: (sig) => void delivered.push(sig),
    kill: (sig) => void delivered.push(-sig),
  })
  send(scene, job, SIGUSR1)
  goOn(kernel)
  send(scene, job, SIGTERM)
  goOn(kernel)
  assert.deepEqual([delivered, job.state], [[SIGUSR1, -SIGTERM], 'Z'])
  sound(scene)
})

test('the end of a namespace reaches the drivers inside, and waits for those that hold their exit', () => {
  const scene = newScene()
  const { kernel, other } = scene
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  const drivers = [notes(true), notes(true), notes(false)]
  for (const { driver } of drivers) box.fork().attachDriver(driver)
  const seen = other.task(box.handle)
  other.init.kill(other.init.pidOf(seen), SIGKILL)
  goOn(kernel)
  assert.deepEqual(
    drivers.map(({ told }) => told),
    [[SIGKILL], [SIGKILL], [SIGKILL]],
  )
  assert.equal(seen.exiting, true)
  drivers[0]?.control().exited(null, SIGKILL)
  assert.equal(seen.exiting, true)
  drivers[1]?.control().exited(null, SIGKILL)
  assert.equal(seen.state, 'Z')
  sound(scene)
})

test('the end of a worker is that of the tasks that its drivers stand for, whoever made them, and holds no exit back', () => {
  const scene = newScene()
  const { kernel, other } = scene
  const third = Kernel.join(kernel.handle)
  const [alive, held, reaped, box] = [0, 0, 0, CLONE_NEWPID].map((flags) => other.init.clone({ flags })) as [
    Task,
    Task,
    Task,
    Task,
  ]
  for (const task of [alive, held, box]) third.task(task.handle).attachDriver(notes(true).driver)
  third.task(reaped.handle).attachDriver(notes(false).driver)
  send(scene, held, SIGTERM)
  send(scene, reaped, SIGTERM)
  other.init.waitpidSync(reaped.pid)
  assert.equal(held.exiting, true)
  kernel.workerEnded(third.worker)
  assert.deepEqual([alive, held, box, reaped].map((task) => task.state).join(''), 'ZZZX')
  assert.equal(other.init.waitpidSync(held.pid)?.signal, 'SIGTERM')
  assert.equal(other.init.waitpidSync(alive.pid)?.signal, 'SIGKILL')
  sound(scene)
})

test('a copy of a kernel has no handlers and drivers of any worker, and is sound', () => {
  const scene = newScene()
  const { kernel, other, job, note } = scene
  const [driven, gone] = [kernel.init.fork(), kernel.init.fork()]
  job.sigaction(SIGUSR1, { handler: note })
  job.fork()
  for (const task of [driven, gone]) task.attachDriver(notes(true).driver)
  send(scene, job, SIGUSR1)
  send(scene, driven, SIGKILL)
  const image = other.save()
  const copy = Kernel.restore(image)
  assert.deepEqual([copy.task(driven.handle).state, copy.task(gone.handle).state], ['Z', 'S'])
  assert.equal(copy.init.kill(job.pid, SIGUSR1), 0)
  assert.equal(copy.task(job.handle).state, 'S')
  // Numbers by which workers know functions begin anew there.
  for (const sig of [SIGUSR1, SIGTERM])
    copy.task(gone.handle).sigaction(sig, { handler: () => assert.fail() })
  copy.init.kill(copy.task(job.handle).pid, SIGUSR1)
  copy.task(gone.handle).exit()
  assert.deepEqual([copy.check(), copy.task(gone.handle).state], [[], 'Z'])
  sound(scene)
})

test('memory that is exhausted: a handler is not set, and nothing has changed', () => {
  const scene = newScene()
  const { kernel, other, job, theirs } = scene
  kernel.failNth(1)
  assert.throws(() => job.sigaction(SIGTERM, { handler: () => {} }), { code: 'ENOMEM' })
  kernel.failNth(1)
  assert.throws(() => job.attachDriver({ catches: [SIGTERM], kill: () => {} }), { code: 'ENOMEM' })
  kernel.failNth(2)
  assert.throws(() => job.attachDriver({ catches: [SIGTERM], kill: () => {} }), { code: 'ENOMEM' })
  assert.deepEqual(kernel.check(), [])
  job.sigaction(SIGUSR1, { handler: () => {} })
  const child = theirs.fork()
  kernel.failNth(1)
  assert.throws(() => child.sigaction(SIGTERM, { handler: () => {} }), { code: 'ENOMEM' })
  send(scene, child, SIGTERM)
  assert.deepEqual([child.state, job.state], ['Z', 'S'])
  // As on Linux where the stack has no room for the handler's call.
  kernel.failNth(1)
  send(scene, job, SIGUSR1)
  assert.equal(job.state, 'Z')
  assert.deepEqual(
    [1, 2].map(() => other.init.waitpidSync()?.signal),
    ['SIGSEGV', 'SIGTERM'],
  )
  sound(scene)
})
