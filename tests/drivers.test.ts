/*
 * What stands behind a task: real workers and real processes, and drivers that only take notes.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import {
  CLONE_NEWPID,
  type DriverControl,
  Kernel,
  KernelError,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  WNOHANG,
} from 'pidns'
import { childProcessDriver, workerDriver } from 'pidns/drivers'

/** A driver that notes what it is told. */
function notes(holdExit: boolean): {
  told: number[]
  control: () => DriverControl
  driver: Parameters<Kernel['init']['attachDriver']>[0]
} {
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

test('a driver is told of stop, continuation and end, after the table has acted', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const states: string[] = []
  child.attachDriver({ kill: (signal) => void states.push(`${signal} ${child.state}`) })
  kernel.init.kill(child.pid, SIGSTOP)
  kernel.init.kill(child.pid, SIGCONT)
  kernel.init.kill(child.pid, SIGTERM)
  assert.deepEqual(states, [`${SIGSTOP} T`, `${SIGCONT} S`, `${SIGTERM} Z`])
  assert.deepEqual(kernel.check(), [])
})

test('the own exit of a task is told as SIGKILL', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const { told, driver } = notes(false)
  child.attachDriver(driver)
  child.exit(3)
  assert.deepEqual(told, [SIGKILL])
  assert.deepEqual(kernel.init.waitpidSync(), { pid: 2, status: 768, code: 3 })
  assert.deepEqual(kernel.check(), [])
})

test('with holdExit a task stays in its exit, its number taken, until the driver reports', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const { told, driver, control } = notes(true)
  child.attachDriver(driver)
  kernel.init.kill(child.pid, SIGKILL)
  assert.deepEqual([child.state, child.exiting, told], ['S', true, [SIGKILL]])
  assert.equal(kernel.init.waitpidSync(child.pid, WNOHANG), null)
  assert.equal(kernel.init.kill(child.pid, SIGKILL), 0)
  assert.deepEqual(kernel.check(), [])
  control().exited(1)
  assert.equal(child.state, 'Z')
  assert.deepEqual(kernel.init.waitpidSync(), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
  control().exited(2)
  assert.deepEqual(kernel.check(), [])
})

test('the end of a namespace waits for a driver that holds the exit of one of its tasks', () => {
  const kernel = Kernel.boot()
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  const child = box.fork()
  const other = box.fork()
  const { driver, control } = notes(true)
  child.attachDriver(driver)
  kernel.init.kill(kernel.init.pidOf(box), SIGKILL)
  assert.deepEqual([box.exiting, child.exiting, other.state], [true, true, 'X'])
  assert.equal(kernel.init.waitpidSync(-1, WNOHANG), null)
  assert.deepEqual(kernel.check(), [])
  control().exited(null, SIGKILL)
  assert.deepEqual([box.state, child.state], ['Z', 'X'])
  assert.deepEqual(kernel.init.waitpidSync(), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
  assert.deepEqual(kernel.check(), [])
})

test("an init's own driver holds it back after its namespace has emptied", () => {
  const kernel = Kernel.boot()
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  const child = box.fork()
  const { driver, control } = notes(true)
  box.attachDriver(driver)
  kernel.init.kill(kernel.init.pidOf(box), SIGKILL)
  assert.deepEqual([box.exiting, child.state], [true, 'X'])
  control().exited(0)
  assert.equal(box.state, 'Z')
  assert.deepEqual(kernel.check(), [])
})

test('what the driver reports is how the task exits', () => {
  const kernel = Kernel.boot()
  const exits = [kernel.init.fork(), kernel.init.fork()].map((child) => {
    const { driver, control } = notes(true)
    child.attachDriver(driver)
    return control()
  })
  exits[0]?.exited(300)
  exits[1]?.exited(null, SIGTERM)
  assert.deepEqual(kernel.init.waitpidSync(), { pid: 2, status: 44 << 8, code: 44 })
  assert.deepEqual(kernel.init.waitpidSync(), { pid: 3, status: SIGTERM, signal: 'SIGTERM' })
  assert.deepEqual(kernel.check(), [])
})

test('a signal that a driver catches does nothing in the table, and is delivered', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const delivered: number[] = []
  child.attachDriver({ catches: [SIGUSR1], deliver: (sig) => void delivered.push(sig), kill: () => {} })
  kernel.init.kill(child.pid, SIGUSR1)
  assert.deepEqual([child.state, delivered], ['S', [SIGUSR1]])
  kernel.init.kill(child.pid, SIGTERM)
  assert.equal(child.state, 'Z')
  assert.deepEqual(kernel.check(), [])
})

test('a driver may call into the kernel', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  let forked = 0
  child.attachDriver({
    kill: () => {
      forked = kernel.init.fork().pid
    },
  })
  assert.equal(kernel.init.kill(child.pid, SIGKILL), 0)
  assert.equal(forked, 3)
  assert.deepEqual(kernel.check(), [])
})

test('what a driver throws unwinds no call, and comes up as an uncaught error', () => {
  const script = `
    import { Kernel, SIGKILL } from 'pidns'
    const kernel = Kernel.boot()
    const child = kernel.init.fork()
    child.attachDriver({ kill: () => { throw new Error('from a driver') } })
    console.log(kernel.init.kill(child.pid, SIGKILL), child.state, kernel.check())`
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(run.stdout, '0 Z []\n')
  assert.match(run.stderr, /Error: from a driver/)
  assert.equal(run.status, 1)
})

test('a driver needs a method kill, and a live task', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  assert.throws(() => child.attachDriver({} as never), TypeError)
  child.exit()
  assert.throws(
    () => child.attachDriver({ kill: () => {} }),
    (error) => error instanceof KernelError && error.code === 'ESRCH',
  )
  assert.deepEqual(kernel.check(), [])
})

test('SIGKILL ends a worker that sits in an endless loop; its zombie stays until waited for', async () => {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  const worker = new Worker('for (;;);', { eval: true })
  job.attachDriver(workerDriver(worker))
  await once(worker, 'online')
  kernel.init.kill(job.pid, SIGKILL)
  assert.equal(job.exiting, true)
  await once(worker, 'exit')
  assert.equal(job.state, 'Z')
  assert.deepEqual(await kernel.init.waitpid(job.pid), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
  assert.equal(job.state, 'X')
  assert.deepEqual(kernel.check(), [])
})

test("a worker's own exit is its task's", async () => {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  job.attachDriver(workerDriver(new Worker('process.exit(7)', { eval: true })))
  assert.deepEqual(await kernel.init.waitpid(job.pid), { pid: 2, status: 7 << 8, code: 7 })
  assert.deepEqual(kernel.check(), [])
})

test("a real child's exit, by code and by signal, is its task's", async () => {
  const kernel = Kernel.boot()
  const run = (script: string): ChildProcess => spawn('sh', ['-c', script], { stdio: 'ignore' })
  const first = kernel.init.fork()
  first.attachDriver(childProcessDriver(run('exit 5')))
  assert.deepEqual(await kernel.init.waitpid(first.pid), { pid: 2, status: 5 << 8, code: 5 })
  const second = kernel.init.fork()
  second.attachDriver(childProcessDriver(run('kill -USR1 $$')))
  assert.deepEqual(await kernel.init.waitpid(second.pid), { pid: 3, status: SIGUSR1, signal: 'SIGUSR1' })
  assert.deepEqual(kernel.check(), [])
})

test('a signal for the task goes to the real child, which may handle it', async () => {
  const kernel = Kernel.boot()
  const child = spawn('sh', ['-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'])
  const job = kernel.init.fork()
  job.attachDriver(childProcessDriver(child))
  await once(child.stdout, 'data')
  kernel.init.kill(job.pid, SIGTERM)
  assert.equal(job.state, 'S')
  assert.deepEqual(await kernel.init.waitpid(job.pid), { pid: 2, status: 9 << 8, code: 9 })
  assert.deepEqual(kernel.check(), [])
})

test('a namespace full of real processes: the end of its init is the end of them all', async () => {
  const kernel = Kernel.boot()
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  const children = [1, 2, 3].map(() => spawn('sleep', ['60'], { stdio: 'ignore' }))
  for (const child of children) box.fork().attachDriver(childProcessDriver(child))
  kernel.init.kill(kernel.init.pidOf(box), SIGKILL)
  assert.equal(box.exiting, true)
  assert.deepEqual(await kernel.init.waitpid(), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
  assert.deepEqual(
    children.map((child) => child.signalCode),
    ['SIGKILL', 'SIGKILL', 'SIGKILL'],
  )
  assert.deepEqual(kernel.check(), [])
})

test('a command that cannot be run ends its task with 127', async () => {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  job.attachDriver(childProcessDriver(spawn('/nowhere/at/all')))
  assert.deepEqual(await kernel.init.waitpid(job.pid), { pid: 2, status: 127 << 8, code: 127 })
  assert.deepEqual(kernel.check(), [])
})
