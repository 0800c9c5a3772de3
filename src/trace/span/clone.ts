/** clone(2) and clone3(2) as far as they are modelled, answered with a number where the library throws. */
import { CLONE_NEWPID, CLONE_PARENT, CLONE_SIGHAND, CLONE_THREAD, CLONE_VM, NSIG } from '../../abi/index.ts'
import { KernelError, type Task } from '../../index.ts'
import type { SpanCall } from '../acts.ts'

type Clone = Extract<SpanCall, { op: 'clone' }>

/** What is modelled of the flags. */
export const FLAGS: number = CLONE_THREAD | CLONE_NEWPID | CLONE_PARENT | CLONE_SIGHAND | CLONE_VM

export function clone(task: Task, { flags, exitSignal, setTid }: Clone, strict = false): Task | number {
  const kept = flags & FLAGS
  // To the old clone(2) a number that is no signal is none, and one that has no use does no harm.
  const useless = (flags & (CLONE_THREAD | CLONE_PARENT)) !== 0 || exitSignal > NSIG
  const signal = useless && !strict ? 0 : exitSignal
  try {
    return task.clone({ flags: kept, exitSignal: signal, ...(setTid === undefined ? {} : { setTid }) })
  } catch (error) {
    if (error instanceof KernelError) return error.errno
    throw error
  }
}
