/*
 * Handlers and drivers of one worker, and calls of another: what is due, and what becomes of it before it has run. Two realms of
 * one thread, so that it is known when the other one goes on: at the end of its own next call, or when this turn ends.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  type DriverControl,
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
  type TaskDriver,
} from 'pidns/shared'
import * as L from '#internal/mm/layout.js'

interface Scene {
  /** The worker that has handlers and drivers, and the one that sends signals. */
  readonly kernel: Kernel
  readonly other: Kernel
  /** A child of number 1, as each of them knows it. */
  readonly job: Task
  readonly theirs: Task
  /** What was called or told here. */
  readonly log: string[]
  readonly note: (sig: number, task: Task) => void
}

function newScene(): Scene {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  const other = Kernel.join(kernel.handle)
  const log: string[] = []
  const note = (sig: number, task: Task): void => void log.push(`${sig} ${task.tid}`)
  return { kernel, other, job, theirs: other.task(job.handle), log, note }
}

/** Sends a signal without a call of the worker whose task it is. */
const send = ({ other }: Scene, task: Task, sig: number): void =>
  void other.init.kill(other.init.pidOf(other.task(task.handle)), sig)

/** Any call: at its end the worker takes what is its own. */
const goOn = (kernel: Kernel): void => void kernel.init.pid

function sound({ kernel, other }: Scene): void {
  assert.deepEqual([kernel.check(), other.check()], [[], []])
  kernel.dispose()
  other.dispose()
}

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
  assert.deepEqual(log, [`other ${SIGUSR1}`, `${SIGTERM} ${one.pid}`])
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
function notes(holdExit: boolean): { told: number[]; control: () => DriverControl; driver: TaskDriver } {
  const told: number[] = []
  let control: DriverControl | undefined
  return {
    told,
    control: () => {
      assert.ok(control)
      return control
    },
    driver: {
      holdExit,
      kill: (signal) => void told.push(signal),
      attached: (given) => {
        control = given
      },
    },
  }
}

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
