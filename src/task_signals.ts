/**
 * What a task does with signals, and what may stand behind it.
 */
import { NSIG } from './abi/limits.ts'
import { SIG_DFL, SIG_IGN } from './abi/signal.ts'
import {
  attachDriver,
  type DriverControl,
  type SignalHandler,
  setHandler,
  type TaskDriver,
} from './driver.ts'
import { flags32, int32, record, show } from './errors.ts'
import { lockMethods } from './locked.ts'
import { enter, leave } from './realm.ts'
import { killSomethingInfo, tgkill, tkill } from './task/kill.ts'
import { blockedSignals, doSigaction, doSigprocmask, pendingSignals } from './task/sigaction.ts'
import { TaskView } from './task_view.ts'

/** What a signal does to a process (sigaction(2)): its default, nothing, or a call of a function. */
export interface SigAction {
  handler: 'dfl' | 'ign' | SignalHandler
  /** For SIGCHLD: SA_NOCLDSTOP, SA_NOCLDWAIT. */
  flags?: number
}

/** The signal calls of {@link Task}. */
export class TaskSignals extends TaskView {
  /**
   * kill(2). `pid` above 0: that process (a thread's number will do); 0: the own group; -1: every process that this
   * one sees, but itself and number 1; below -1: the group -pid.
   * Returns 0. Throws ESRCH: nobody there; EINVAL: no such signal.
   */
  kill(pid: number, sig: number): 0 | undefined {
    int32('pid', pid)
    int32('sig', sig)
    const ref = this.live('kill')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, killSomethingInfo(this.realm.table, ref, pid, sig), 'kill') as
      | 0
      | undefined
  }

  /**
   * tgkill(2): one thread of a process. Returns 0.
   * Throws ESRCH: no such thread in it; EINVAL: no such signal, or a number below 1.
   */
  tgkill(tgid: number, tid: number, sig: number): 0 | undefined {
    int32('tgid', tgid)
    int32('tid', tid)
    int32('sig', sig)
    const ref = this.live('tgkill')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, tgkill(this.realm.table, ref, tgid, tid, sig), 'tgkill') as
      | 0
      | undefined
  }

  /** tkill(2): one thread, in whatever process it is. Returns 0. Throws as {@link Task.tgkill}. */
  tkill(tid: number, sig: number): 0 | undefined {
    int32('tid', tid)
    int32('sig', sig)
    const ref = this.live('tkill')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, tkill(this.realm.table, ref, tid, sig), 'tkill') as 0 | undefined
  }

  /**
   * sigaction(2): ignores a signal, restores its default, or has it call a function. A handler runs after the call
   * that sent the signal has returned, outside of it; fork inherits it, execve removes it. Handlers live in this
   * realm: in a saved table such a signal is caught, but nobody is called. In `pidns/shared` it runs in this worker,
   * whichever worker sends the signal; it keeps no event loop alive, and when this worker ends the signal has its default again.
   * Returns 0. Throws EINVAL: no such signal, or SIGKILL or SIGSTOP; ENOMEM.
   *
   * @example
   * ```ts
   * import { Kernel, SIGTERM } from 'pidns'
   * const init = Kernel.boot().init
   * const child = init.fork()
   * child.sigaction(SIGTERM, { handler: (sig, task) => task.exit(sig) })
   * init.kill(child.pid, SIGTERM)
   * console.log(init.waitpidSync()) // => { pid: 2, status: 3840, code: 15 }
   * ```
   */
  sigaction(sig: number, action: SigAction): 0 {
    int32('sig', sig)
    const { handler } = record('action', action)
    const flags = flags32('flags', action.flags ?? 0)
    if (typeof handler !== 'function' && handler !== SIG_DFL && handler !== SIG_IGN) {
      throw new TypeError(`"handler" expected 'dfl', 'ign' or a function, got ${show(handler)}`)
    }
    const ref = this.live('sigaction')
    const irq = enter(this.realm, ref)
    const ret =
      typeof handler === 'function'
        ? setHandler(this.realm, ref, sig, handler, flags)
        : doSigaction(this.realm.table, ref, sig, handler, flags)
    leave(this.realm, ref, irq, ret, 'sigaction')
    return 0
  }

  /**
   * sigprocmask(2): SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK of these signals for this thread; what is blocked stays
   * pending. Returns the signals that were blocked before. Throws EINVAL: another `how`; RangeError: no such signal.
   */
  sigprocmask(how: number, signals: readonly number[] = []): number[] {
    int32('how', how)
    if (!Array.isArray(signals)) throw new TypeError(`"signals" expected an array, got ${show(signals)}`)
    for (let i = 0; i < signals.length; i++) {
      const sig = int32(`signals[${i}]`, signals[i])
      if (sig < 1 || sig > NSIG)
        throw new RangeError(`"signals[${i}]" expected a signal from 1 to ${NSIG}, got ${sig}`)
    }
    const ref = this.live('sigprocmask')
    const before = blockedSignals(this.realm.table, ref)
    const irq = enter(this.realm, ref)
    leave(this.realm, ref, irq, doSigprocmask(this.realm.table, ref, how, signals), 'sigprocmask')
    return before
  }

  /** sigpending(2): the signals that wait, blocked, for this thread or its process. */
  sigpending(): number[] {
    return pendingSignals(this.realm.table, this.live('sigpending'))
  }

  /**
   * Puts something real behind this task: what the table does to the task, the driver is told, and what becomes of
   * the real thing, it reports. See {@link TaskDriver}; `pidns/drivers` has two. One driver a task; the last counts.
   * In `pidns/shared` it is told in this worker, whichever worker's call it is about; when this worker ends, so does the task.
   * Throws ESRCH: the task is gone; EBUSY: it has a driver in another worker; ENOMEM. Context: outside a read section.
   */
  attachDriver(driver: TaskDriver): DriverControl {
    if (typeof record('driver', driver).kill !== 'function') {
      throw new TypeError(`"kill" expected a function, got ${show(driver.kill)}`)
    }
    const ref = this.live('attachDriver')
    return attachDriver(this.realm, ref, this, driver)
  }

  static {
    lockMethods(TaskSignals.prototype, (task) => task.realm)
  }
}
