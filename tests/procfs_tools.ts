/* What the tests of procfs share. */
import { CLONE_NEWPID, CLONE_PTHREAD, Kernel, type KernelError, type Procfs, type Task } from 'pidns'

/** What a function throws of a KernelError, as one string. */
export function failure(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    const { code, syscall, path } = error as KernelError
    return `${code} ${syscall} ${path}`
  }
  return 'no error'
}

/** A line of a status file. */
export function line(proc: Procfs, path: string, key: string): string | undefined {
  const found = proc.readFileSync(path, 'utf8').split('\n')
  return found.find((text) => text.startsWith(`${key}:\t`))?.slice(key.length + 2)
}

export function lastField(proc: Procfs, path: string): number {
  return Number(proc.readFileSync(path, 'utf8').trim().split(' ').at(-1))
}

/** Init, a process (2) with a second thread (3), and a namespace (4) with a process in it (5). */
export function family(): {
  kernel: Kernel
  init: Task
  process: Task
  thread: Task
  box: Task
  inside: Task
} {
  const kernel = Kernel.boot()
  const init = kernel.init
  const process = init.fork()
  const thread = process.clone({ flags: CLONE_PTHREAD })
  const box = init.clone({ flags: CLONE_NEWPID })
  return { kernel, init, process, thread, box, inside: box.fork() }
}
