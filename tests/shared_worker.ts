/** A worker of tests/shared_kernel.test.ts: uses a kernel that others use too, and reports what it saw. */
import { parentPort, workerData } from 'node:worker_threads'
import { Kernel, type KernelError, type KernelHandle, SIGKILL, type Task, WNOHANG } from 'pidns/shared'

export interface Job {
  kernel: KernelHandle
  /** The process under which it works. */
  parent: number
  kind: 'churn' | 'wait' | 'waitSync' | 'exit' | 'end'
  rounds: number
  /** A word at which all begin together, and how many they are. */
  gate: Int32Array
  workers: number
}

export interface Report {
  /** Numbers of its children that lived at the same time, each as it was given out. */
  numbers: number[]
  reaped: number
  problems: string[]
}

const job = workerData as Job
const kernel = Kernel.join(job.kernel)
const parent = kernel.task(job.parent)
const report: Report = { numbers: [], reaped: 0, problems: [] }

/** All begin at once. */
function passGate(): void {
  const { gate, workers } = job
  if (Atomics.add(gate, 0, 1) + 1 === workers) Atomics.notify(gate, 0)
  else
    for (let seen = Atomics.load(gate, 0); seen < workers; seen = Atomics.load(gate, 0))
      Atomics.wait(gate, 0, seen)
}

function expect(what: string, is: unknown, expected: unknown): void {
  if (is !== expected) report.problems.push(`${what}: ${String(is)}, expected ${String(expected)}`)
}

/** Forks, looks up, kills and reaps, some children at a time. */
function churn(): void {
  const alive: Task[] = []
  for (let round = 0; round < job.rounds; round++) {
    const child = parent.fork()
    alive.push(child)
    const nr = kernel.init.pidOf(child)
    expect('kernel.init finds the number', kernel.init.getpgid(nr), kernel.init.getpgid(parent.pid))
    if (alive.length < 5) continue
    const numbers = alive.map((task) => kernel.init.pidOf(task))
    expect('numbers differ', new Set(numbers).size, numbers.length)
    const gone = alive.splice(round % alive.length, 1)[0] as Task
    const number = parent.pidOf(gone)
    if (round % 2 === 0) gone.exit(round & 0xff)
    else parent.kill(number, SIGKILL)
    const end = parent.waitpidSync(number)
    expect('who was reaped', end?.pid, number)
    expect('its status', end?.status, round % 2 === 0 ? (round & 0xff) << 8 : SIGKILL)
    report.reaped += 1
  }
  for (const task of alive) report.numbers.push(kernel.init.pidOf(task))
}

/** Waits for children that another worker ends. */
async function wait(): Promise<void> {
  for (let round = 0; round < job.rounds; round++) {
    const end = await parent.waitpid()
    expect('status', end?.status, 7 << 8)
    report.reaped += 1
  }
}

/** The same, but blocks meanwhile; at last there is nobody who could end the wait. */
function waitSync(): void {
  for (let round = 0; round < job.rounds; round++) {
    expect('status', parent.waitpidSync()?.status, 7 << 8)
    report.reaped += 1
  }
  parentPort?.postMessage('alone')
  try {
    parent.waitpidSync()
  } catch (error) {
    expect('alone', (error as KernelError).code, 'EDEADLK')
    report.numbers.push(parent.pid)
  }
}

/** Forks children of the same parent and ends them; another worker reaps them. */
async function exit(): Promise<void> {
  for (let round = 0; round < job.rounds; round++) {
    parent.fork().exit(7)
    if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A wait of a task that another worker ends. */
async function end(): Promise<void> {
  const child = parent.fork()
  const waits = child.fork().pid
  parentPort?.postMessage(child.handle)
  try {
    await child.waitpid(waits)
  } catch (error) {
    expect('the wait ends with', (error as KernelError).code, 'ESRCH')
    expect('its number', child.pid, kernel.init.waitpidSync(-1, WNOHANG) === null ? child.pid : 0)
    report.reaped += 1
  }
}

passGate()
await { churn, wait, waitSync, exit, end }[job.kind]()
kernel.dispose()
parentPort?.postMessage(report)
