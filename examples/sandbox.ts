/*
 * A sandbox host in miniature: every session is a PID namespace, its jobs are process groups in it, and whoever ends
 * the session ends everything that was ever started there, daemons that slipped out of their group included.
 */
import { CLONE_NEWPID, Kernel, KernelError, SIG_IGN, SIGCHLD, SIGKILL, SIGTERM, type Task } from 'pidns'

const kernel = Kernel.boot()
const host = kernel.init

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

/** Starts a job in a process group of its own. */
function startJob({ shell }: Session, name: string): Task {
  const job = shell.fork()
  shell.setpgid(job.pid, job.pid)
  job.execve(name)
  return job
}

/** Ends the session: from outside, nothing in a namespace can refuse its init's death. */
async function closeSession({ init }: Session): Promise<void> {
  const nr = host.pidOf(init)
  host.kill(nr, SIGKILL)
  console.log(`session ${nr} closed:`, await host.waitpid(nr))
}

/** What ps(1) shows to `viewer`: processes that have a number in its namespace, by that number. */
function ps(viewer: Task): void {
  const seen = kernel.tasks().filter((task) => task.leader === task && viewer.pidOf(task) !== 0)
  const rows = seen.map((task) => {
    const pid = viewer.pidOf(task)
    const ppid = task.parent === undefined ? 0 : viewer.pidOf(task.parent)
    return [pid, ppid, viewer.getpgid(pid), viewer.getsid(pid), task.state, task.comm]
  })
  for (const row of [['PID', 'PPID', 'PGID', 'SID', 'S', 'COMMAND'], ...rows]) {
    console.log(row.map((cell, i) => (i < 4 ? String(cell).padStart(4) : cell)).join('  '))
  }
}

host.execve('host')
const session = openSession('session')

// A job that starts a worker and finishes; the shell learns how it ended.
const build = startJob(session, 'build')
const worker = build.fork()
worker.execve('worker')
const ended = session.shell.waitpid(build.pid)
build.exit(3)
console.log('build ended:', await ended)

// A job that daemonises: out of its group, out of its session, its parent gone.
const server = startJob(session, 'server')
const daemon = server.fork()
daemon.setsid()
daemon.execve('daemon')
const group = server.pid
session.shell.kill(-group, SIGTERM)
console.log('server ended:', await session.shell.waitpid(group))

console.log('the session sees itself:')
ps(session.init)
console.log('the host sees everybody:')
ps(host)

await closeSession(session)
ps(host)

// Nothing is left, and no number of a dead process means a living one.
try {
  daemon.fork()
} catch (error) {
  if (error instanceof KernelError) console.log('the daemon forks:', error.code)
}
console.log('broken invariants:', kernel.check().length)
