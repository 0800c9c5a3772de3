/*
 * A sandbox host in miniature: every session is a PID namespace, its jobs are worker threads behind tasks of it, and
 * whoever ends the session ends everything that was ever started there: a worker that sits in an endless loop, and a
 * daemon that slipped out of its group.
 */
import { Worker } from 'node:worker_threads'
import { CLONE_NEWPID, Kernel, KernelError, SIG_IGN, SIGCHLD, SIGKILL, SIGTERM, type Task } from 'pidns'
import { workerDriver } from 'pidns/drivers'

const kernel = Kernel.boot()
const host = kernel.init
let workersAlive = 0

interface Session {
  /** Number 1 of the session's namespace: adopts its orphans, and takes the whole namespace along when it goes. */
  readonly init: Task
  /** Runs the jobs, as a shell does. */
  readonly shell: Task
}

function openSession(name: string): Session {
  const init = host.clone({ flags: CLONE_NEWPID })
  init.setsid()
  init.execve(name)
  // Children of a process that ignores SIGCHLD leave no zombie: orphans need nobody who waits for them.
  init.sigaction(SIGCHLD, { handler: SIG_IGN })
  const shell = init.fork()
  shell.sigaction(SIGCHLD, { handler: 'dfl' })
  shell.execve('shell')
  return { init, shell }
}

/** A worker thread behind a new task: the task's death is the worker's, and the worker's exit is the task's. */
function run(parent: Task, name: string, code: string): Task {
  const task = parent.fork()
  task.execve(name)
  const worker = new Worker(code, { eval: true })
  workersAlive++
  worker.once('exit', () => workersAlive--)
  task.attachDriver(workerDriver(worker))
  return task
}

/** Starts a job in a process group of its own. */
function startJob({ shell }: Session, name: string, code: string): Task {
  const job = run(shell, name, code)
  job.setpgid(0, 0)
  return job
}

/** Ends the session: from outside, nothing in a namespace can refuse its init's death. Waits for every worker. */
async function closeSession({ init }: Session): Promise<void> {
  const nr = host.pidOf(init)
  host.kill(nr, SIGKILL)
  console.log(`session ${nr} closed:`, await host.waitpid(nr))
}

/** ps(1), as `viewer` sees the processes: from /proc. */
function ps(viewer: Task): void {
  const proc = kernel.procfs(viewer)
  console.log(' PID  PPID  PGRP   SID  S  COMMAND')
  for (const entry of proc.readdirSync('/')) {
    if (!/^\d+$/.test(entry)) continue
    const [, pid, comm, state, ...rest] =
      /^(\d+) \((.*)\) (\w) (.*)/.exec(proc.readFileSync(`/${entry}/stat`, 'utf8')) ?? []
    const [ppid, pgrp, session] = (rest[0] ?? '').split(' ')
    const numbers = [pid, ppid, pgrp, session].map((nr) => (nr ?? '').padStart(4))
    console.log(`${numbers.join('  ')}  ${state}  ${comm}`)
  }
}

host.execve('host')
const session = openSession('session')

// A job that works and finishes: the shell learns how its worker ended.
const build = startJob(session, 'build', 'process.exit(3)')
console.log('build ended:', await session.shell.waitpid(build.pid))

// A job with a helper that daemonises: out of its group, out of its session, and soon its parent is gone.
const server = startJob(session, 'server', 'setInterval(() => {}, 1000)')
const daemon = run(server, 'daemon', 'for (;;);')
daemon.setsid()
session.shell.kill(-server.pid, SIGTERM)
console.log('server ended:', await session.shell.waitpid(server.pid))

console.log('the session sees itself:')
ps(session.init)
console.log('the host sees everybody:')
ps(host)

await closeSession(session)
ps(host)
console.log('workers alive:', workersAlive)

// Nothing is left, and no number of a dead process means a living one.
try {
  daemon.fork()
} catch (error) {
  if (error instanceof KernelError) console.log('the daemon forks:', error.code)
}
console.log('broken invariants:', kernel.check().length)
