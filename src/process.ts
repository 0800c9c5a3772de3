/**
 * Task: one thread or process, whose methods are the system calls, named as in man section 2.
 */
import { CLONE_NEWPID, CLONE_PARENT, CLONE_THREAD } from './abi/clone.ts'
import { EBADF, EINVAL, ENOENT, EPERM } from './abi/errno.ts'
import { PIDFD_NONBLOCK } from './abi/pidfd.ts'
import { SIGCHLD } from './abi/signal.ts'
import { P_PIDFD } from './abi/wait.ts'
import { flags32, int32, KernelError, record, show } from './errors.ts'
import { NsFd, Pidfd } from './file.ts'
import { type NsLink, nsIoctl, nsOfFile, nsOpen, nsOpenParent } from './fs/nsfs.ts'
import * as fs from './fs/pidfd.ts'
import { lockMethods } from './locked.ts'
import type { NsFileRef, NsRef, PidfdRef, TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import { taskTgid } from './pid/task_link.ts'
import { NULL_PID } from './pid/upid.ts'
import { type AbortSignalLike, enter, leave, taskOf, waitLater, waitSync } from './realm.ts'
import { deThread } from './task/exec.ts'
import { doExit, doGroupExit } from './task/exit.ts'
import { copyProcess } from './task/fork.ts'
import { pidnsInstall, unshare } from './task/nsproxy.ts'
import { prctl } from './task/prctl.ts'
import { reboot } from './task/reboot.ts'
import { getpgid, getsid, setpgid, setsid } from './task/session.ts'
import { getNsLastPid, getPidMax, setNsLastPid, setPidMax } from './task/sysctl.ts'
import * as T from './task/task.ts'
import { newWaitOpts, type WaitOpts, wait4Opts, waitidOpts } from './task/wait.ts'
import { TaskSignals } from './task_signals.ts'
import { type SigInfo, sigInfo, type WaitResult, waitResult } from './wait_result.ts'

export interface CloneArgs {
  /** CLONE_*; without any a new process is made, as by fork(2). */
  flags?: number
  /** Sent to the parent when the child's thread group has ended. Default: SIGCHLD; 0 with CLONE_THREAD or CLONE_PARENT. */
  exitSignal?: number
  /** Numbers asked for, innermost namespace first. */
  setTid?: readonly number[]
}

const NO_ARGS: CloneArgs = {}
const NO_SET_TID: readonly number[] = []
const NULL_NS = 0 as NsRef
const NULL_NS_FILE = 0 as NsFileRef
const NULL_PIDFD = 0 as PidfdRef

/** Ends a wait from outside: it rejects with the signal's reason. */
export interface AbortOption {
  signal?: AbortSignalLike
}

export type SysctlName = 'kernel.pid_max' | 'kernel.ns_last_pid'

/**
 * One task: a process, or one thread of it. There is one Task object per task and realm.
 *
 * Every method may throw KernelError; ESRCH always means, besides what the method says, that this task is dead.
 * A method of a stopped task works. A call that kills or stops its own caller returns undefined: the caller never saw
 * a result. Arguments that no C `int` could hold are a TypeError or RangeError; everything else gets Linux's own
 * answer. Whoever a call wakes, kills or stops has run before it returns.
 */
export class Task extends TaskSignals {
  // Making and ending tasks -----------------------------------------------------------------------------------------

  /** fork(2): a new process, child of this one. Errors as {@link Task.clone}. */
  fork(): Task {
    return this.#clone(0, SIGCHLD, NO_SET_TID)
  }

  /**
   * clone3(2): a new process or, with CLONE_THREAD, a new thread of this one.
   *
   * Throws EINVAL: flags that exclude each other, a bad exit signal or `setTid`, a thread after unshare or setns of
   * the PID namespace, CLONE_PARENT by the init of a namespace; EAGAIN: no number is free, or too many tasks; ENOMEM:
   * the namespace is dead, or memory is exhausted; ENOSPC: too many namespaces, or too deep; EEXIST: a number of
   * `setTid` is taken.
   *
   * @example
   * ```ts
   * import { CLONE_NEWPID, Kernel } from 'pidns'
   * const init = Kernel.boot().init
   * const box = init.clone({ flags: CLONE_NEWPID })
   * console.log(box.pid, init.pidOf(box)) // => 1 2
   * ```
   */
  clone(args: CloneArgs = NO_ARGS): Task {
    record('args', args)
    const flags = flags32('flags', args.flags ?? 0)
    const exitSignal = int32(
      'exitSignal',
      args.exitSignal ?? ((flags & (CLONE_THREAD | CLONE_PARENT)) !== 0 ? 0 : SIGCHLD),
    )
    const setTid = args.setTid ?? NO_SET_TID
    if (!Array.isArray(setTid)) throw new TypeError(`"setTid" expected an array, got ${show(setTid)}`)
    for (let i = 0; i < setTid.length; i++) int32(`setTid[${i}]`, setTid[i])
    return this.#clone(flags, exitSignal, setTid)
  }

  #clone(flags: number, exitSignal: number, setTid: readonly number[]): Task {
    const ref = this.live('clone')
    const irq = enter(this.realm, ref)
    const child = copyProcess(this.realm.table, ref, flags, exitSignal, setTid)
    leave(this.realm, ref, irq, child, 'clone')
    return taskOf(this.realm, child)
  }

  /** exit_group(2): ends the process with the low 8 bits of `code`. Throws EPERM for kernel.init: Linux would panic. */
  exit(code = 0): undefined {
    const status = (int32('code', code) & 0xff) << 8
    const ref = this.#mortal('exit_group', true)
    const irq = enter(this.realm, ref)
    doGroupExit(this.realm.table, ref, status)
    leave(this.realm, ref, irq, 0, 'exit_group')
  }

  /** exit(2), the raw call: ends this thread alone; the last one ends the process. Throws EPERM as {@link Task.exit}. */
  exitThread(code = 0): undefined {
    const status = (int32('code', code) & 0xff) << 8
    const ref = this.#mortal('exit', this.#isLastThread())
    const irq = enter(this.realm, ref)
    doExit(this.realm.table, ref, status)
    leave(this.realm, ref, irq, 0, 'exit')
  }

  /**
   * execve(2), as far as processes go: all other threads end, this one takes over the leader's number, and `comm`, if
   * given, becomes its name. Returns 0.
   */
  execve(comm?: string): 0 | undefined {
    const ref = this.live('execve')
    const irq = enter(this.realm, ref)
    const begun = deThread(this.realm.table, ref)
    const ret = leave(this.realm, ref, irq, typeof begun === 'number' ? begun : 0, 'execve')
    // The caller may have rested until the other threads were gone: what counts is whether it lives now.
    const executed = begun === false ? this.state === 'S' && !this.exiting : ret !== undefined
    if (!executed) return undefined
    if (comm !== undefined) this.comm = comm
    return 0
  }

  /**
   * reboot(2) with LINUX_REBOOT_CMD_*: ends the namespace that this task is in. Its init dies, as if by SIGHUP
   * (restart) or SIGINT (halt, power off), and this thread ends with status 0.
   * Throws EINVAL: another command; EPERM in the initial namespace: Linux would stop the machine.
   *
   * @example
   * ```ts
   * import { CLONE_NEWPID, Kernel, LINUX_REBOOT_CMD_POWER_OFF } from 'pidns'
   * const init = Kernel.boot().init
   * init.clone({ flags: CLONE_NEWPID }).reboot(LINUX_REBOOT_CMD_POWER_OFF)
   * console.log(init.waitpidSync()) // => { pid: 2, status: 2, signal: 'SIGINT' }
   * ```
   */
  reboot(cmd: number): 0 | undefined {
    const bits = flags32('cmd', cmd)
    const ref = this.live('reboot')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, reboot(this.realm.table, ref, bits), 'reboot') as 0 | undefined
  }

  // Waiting ---------------------------------------------------------------------------------------------------------

  /**
   * wait4(2): waits until a child has ended (WUNTRACED: or stopped, WCONTINUED: or gone on).
   * `pid` above 0: that child; 0: any of the own group; -1: any; below -1: any of the group -pid.
   *
   * Resolves with what was found; null with WNOHANG when nothing has happened. Rejects with KernelError ECHILD: no such child;
   * EINVAL: bad option; ESRCH: this task has died; or with the reason of `signal`.
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const init = Kernel.boot().init
   * const child = init.fork()
   * const end = init.waitpid(child.pid)
   * child.exit(3)
   * console.log(await end) // => { pid: 2, status: 768, code: 3 }
   * ```
   */
  async waitpid(pid = -1, options = 0, abort: AbortOption = {}): Promise<WaitResult | null> {
    const signal = abortSignal(abort)
    const wo = this.#wait4(pid, options)
    const found = await waitLater(this.realm, this.ref, wo, 'wait4', signal)
    return found === null ? null : waitResult(found)
  }

  /**
   * wait4(2) in this turn, as {@link Task.waitpid}. In `pidns/shared` it blocks this worker until a call of another one
   * ends the wait. Throws besides EDEADLK where it would wait for ever: in one thread, or where no other worker uses the
   * kernel; and where the thread must not block, as the main thread of a page.
   */
  waitpidSync(pid = -1, options = 0): WaitResult | null {
    const found = waitSync(this.realm, this.ref, this.#wait4(pid, options), 'wait4')
    return found === null ? null : waitResult(found)
  }

  /**
   * waitid(2). `idtype`: P_ALL, P_PID, P_PGID, or P_PIDFD with a {@link Pidfd} as `id`. Resolves with what was found;
   * null with WNOHANG when nothing has happened. Errors as {@link Task.waitpid}; besides EBADF: a closed pidfd, or a
   * number where a pidfd is due; EAGAIN: one opened with PIDFD_NONBLOCK, and nothing has happened.
   */
  async waitid(
    idtype: number,
    id: number | Pidfd,
    options: number,
    abort: AbortOption = {},
  ): Promise<SigInfo | null> {
    const signal = abortSignal(abort)
    const found = await waitLater(this.realm, this.ref, this.#waitid(idtype, id, options), 'waitid', signal)
    return found === null ? null : sigInfo(found)
  }

  /** waitid(2) in this turn: as {@link Task.waitid}; blocks, or throws EDEADLK, as {@link Task.waitpidSync}. */
  waitidSync(idtype: number, id: number | Pidfd, options: number): SigInfo | null {
    const found = waitSync(this.realm, this.ref, this.#waitid(idtype, id, options), 'waitid')
    return found === null ? null : sigInfo(found)
  }

  // Numbers, groups, sessions ---------------------------------------------------------------------------------------

  /** getpid(2). */
  getpid(): number {
    this.live('getpid')
    return this.pid
  }

  /** gettid(2). */
  gettid(): number {
    this.live('gettid')
    return this.tid
  }

  /** getppid(2): the parent's number as this task sees it; 0 when it lives outside its namespace. */
  getppid(): number {
    const ref = this.live('getppid')
    const parent = T.realParent(this.realm.table, ref)
    return parent === 0 ? 0 : this.nrIn(taskTgid(this.realm.table, parent))
  }

  /** getpgid(2): the group of the process `pid` (0: its own); 0 when its leader lives outside the namespace. Throws ESRCH. */
  getpgid(pid = 0): number {
    int32('pid', pid)
    const ref = this.live('getpgid')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, getpgid(this.realm.table, ref, pid), 'getpgid') as number
  }

  /** getsid(2): the session of the process `pid` (0: its own); 0 when its leader lives outside the namespace. Throws ESRCH. */
  getsid(pid = 0): number {
    int32('pid', pid)
    const ref = this.live('getsid')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, getsid(this.realm.table, ref, pid), 'getsid') as number
  }

  /**
   * setpgid(2): moves `pid` (0: the own process), which is this process or a child that has not executed a program,
   * to the group `pgid` (0: one of its own number). Throws EINVAL, ESRCH, EPERM, EACCES as setpgid in task/session.
   */
  setpgid(pid: number, pgid: number): 0 {
    int32('pid', pid)
    int32('pgid', pgid)
    const ref = this.live('setpgid')
    const irq = enter(this.realm, ref)
    leave(this.realm, ref, irq, setpgid(this.realm.table, ref, pid, pgid), 'setpgid')
    return 0
  }

  /** setsid(2): a new session with a new group; returns its number. Throws EPERM: it leads a session, or a group of its number exists. */
  setsid(): number {
    const ref = this.live('setsid')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, setsid(this.realm.table, ref), 'setsid') as number
  }

  // What it sets for itself, namespaces -----------------------------------------------------------------------------

  /**
   * prctl(2): PR_SET_CHILD_SUBREAPER (0 or not), PR_GET_CHILD_SUBREAPER, PR_SET_PDEATHSIG (a signal, 0 none),
   * PR_GET_PDEATHSIG. Returns the value asked for, or 0. Throws EINVAL: another option, or no such signal.
   */
  prctl(option: number, arg = 0): number {
    int32('option', option)
    int32('arg', arg)
    const ref = this.live('prctl')
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, prctl(this.realm.table, ref, option, arg), 'prctl') as number
  }

  /** unshare(2): with CLONE_NEWPID, the next child is the init of a new namespace. Throws EINVAL, ENOSPC, ENOMEM. */
  unshare(flags: number): 0 {
    const bits = flags32('flags', flags)
    const ref = this.live('unshare')
    const irq = enter(this.realm, ref)
    leave(this.realm, ref, irq, unshare(this.realm.table, ref, bits), 'unshare')
    return 0
  }

  /**
   * setns(2): later children go to the namespace of an {@link NsFd}, or to that of the process of a {@link Pidfd}.
   * `nstype`: CLONE_NEWPID, or 0 for an NsFd. Throws EINVAL: a namespace that is not the own one or below it, or
   * another type; EBADF: closed; ESRCH: the process of the pidfd is dead.
   */
  setns(fd: NsFd | Pidfd, nstype: number): 0 {
    const type = flags32('nstype', nstype)
    const ref = this.live('setns')
    const { table } = this.realm
    const pidfd = fd instanceof Pidfd ? Pidfd.refOf(fd, this.realm) : NULL_PIDFD
    const file = fd instanceof Pidfd ? NULL_NS_FILE : NsFd.refOf(fd, this.realm)
    if (pidfd === 0 && file === 0) throw new KernelError(EBADF, 'setns')
    const ns = file === 0 ? NULL_NS : nsOfFile(table, file)
    const irq = enter(this.realm, ref)
    const typed = type === CLONE_NEWPID || (type === 0 && ns !== 0)
    const ret = !typed ? -EINVAL : ns === 0 ? fs.pidfdSetns(table, ref, pidfd) : pidnsInstall(table, ref, ns)
    leave(this.realm, ref, irq, ret, 'setns')
    return 0
  }

  /**
   * Opens this task's /proc/PID/ns/pid (the namespace that it is in) or /proc/PID/ns/pid_for_children. Throws ENOENT:
   * the task is gone; for its children's, it exits, or that namespace has no init yet.
   */
  openNs(link: NsLink): NsFd {
    if (link !== 'pid' && link !== 'pid_for_children') {
      throw new TypeError(`"link" expected 'pid' or 'pid_for_children', got ${show(link)}`)
    }
    if (!this.held()) throw new KernelError(ENOENT, 'open')
    const file = nsOpen(this.realm.table, this.ref, link)
    if (file < 0) throw new KernelError(file, 'open')
    return new NsFd(this.realm, file)
  }

  /**
   * ioctl_nsfs(2) on an open namespace file. NS_GET_PID_FROM_PIDNS, NS_GET_TGID_FROM_PIDNS: translates the number
   * `nr` of the file's namespace to this task's; NS_GET_PID_IN_PIDNS, NS_GET_TGID_IN_PIDNS: the other way;
   * NS_GET_NSTYPE gives CLONE_NEWPID. For NS_GET_PARENT see {@link Task.nsParent}.
   * Throws ESRCH: nobody has the number, or the other side does not see who has; ENOTTY: another request; EBADF.
   *
   * @example
   * ```ts
   * import { CLONE_NEWPID, Kernel, NS_GET_PID_FROM_PIDNS } from 'pidns'
   * const init = Kernel.boot().init
   * const box = init.clone({ flags: CLONE_NEWPID })
   * using ns = box.openNs('pid')
   * console.log(init.ioctl(ns, NS_GET_PID_FROM_PIDNS, 1)) // => 2
   * ```
   */
  ioctl(fd: NsFd, request: number, nr = 0): number {
    flags32('request', request)
    int32('nr', nr)
    const ref = this.live('ioctl')
    const file = NsFd.refOf(fd, this.realm)
    const irq = enter(this.realm, ref)
    return leave(this.realm, ref, irq, nsIoctl(this.realm.table, ref, file, request, nr), 'ioctl') as number
  }

  /**
   * ioctl_nsfs(2) NS_GET_PARENT: opens the namespace above that of `fd`. Throws EPERM: it is neither this task's own
   * nor below it; ENOMEM; EBADF.
   */
  nsParent(fd: NsFd): NsFd {
    const ref = this.live('ioctl')
    const file = NsFd.refOf(fd, this.realm)
    const irq = enter(this.realm, ref)
    const parent = nsOpenParent(this.realm.table, ref, file)
    leave(this.realm, ref, irq, parent, 'ioctl')
    return new NsFd(this.realm, parent)
  }

  /**
   * Reads, or with `value` writes, a sysctl of the namespace that this task is in: kernel.pid_max, one more than the
   * largest number given out; kernel.ns_last_pid, the number given out last, -1 where none was but with set_tid. A write returns 0.
   * Throws EINVAL: out of range.
   */
  sysctl(name: SysctlName, value?: number): number {
    if (name !== 'kernel.pid_max' && name !== 'kernel.ns_last_pid') {
      throw new TypeError(`"name" expected 'kernel.pid_max' or 'kernel.ns_last_pid', got ${show(name)}`)
    }
    if (value !== undefined) int32('value', value)
    const ref = this.live('sysctl')
    const irq = enter(this.realm, ref)
    const result = this.#sysctl(ref, name, value)
    leave(this.realm, ref, irq, value === undefined ? 0 : result, 'sysctl')
    return result
  }

  // Pidfds ----------------------------------------------------------------------------------------------------------

  /** pidfd_open(2). `flags`: PIDFD_THREAD, PIDFD_NONBLOCK. Throws EINVAL, ESRCH: no such task, ENOENT: a thread's number. */
  pidfdOpen(pid: number, flags = 0): Pidfd {
    int32('pid', pid)
    const bits = flags32('flags', flags)
    const ref = this.live('pidfd_open')
    const irq = enter(this.realm, ref)
    const file = fs.pidfdOpen(this.realm.table, ref, pid, bits)
    leave(this.realm, ref, irq, file, 'pidfd_open')
    return new Pidfd(this.realm, file)
  }

  /**
   * pidfd_send_signal(2). `flags`: one of PIDFD_SIGNAL_THREAD, _THREAD_GROUP, _PROCESS_GROUP, or 0. Returns 0.
   * Throws EBADF: closed; EINVAL: bad flags or signal, or a process outside the own namespace; ESRCH: it is gone.
   */
  pidfdSendSignal(pidfd: Pidfd, sig: number, flags = 0): 0 | undefined {
    int32('sig', sig)
    const bits = flags32('flags', flags)
    const ref = this.live('pidfd_send_signal')
    const file = Pidfd.refOf(pidfd, this.realm)
    const irq = enter(this.realm, ref)
    const ret = fs.pidfdSendSignal(this.realm.table, ref, file, sig, bits)
    return leave(this.realm, ref, irq, ret, 'pidfd_send_signal') as 0 | undefined
  }

  // -----------------------------------------------------------------------------------------------------------------

  /** The record of a task that may exit: the last thread of kernel.init may not. Throws ESRCH, EPERM. */
  #mortal(syscall: string, lastThread: boolean): TaskRef {
    const ref = this.live(syscall)
    if (T.isGlobalInit(this.realm.table, ref) && lastThread) throw new KernelError(EPERM, syscall)
    return ref
  }

  #isLastThread(): boolean {
    return this.held() && this.realm.table.words[T.signalOf(this.realm.table, this.ref) + L.SIG_LIVE] === 1
  }

  #wait4(pid: number, options: number): WaitOpts {
    int32('pid', pid)
    const bits = flags32('options', options)
    const ref = this.live('wait4')
    const wo = newWaitOpts()
    const error = wait4Opts(this.realm.table, ref, pid, bits, wo)
    if (error < 0) throw new KernelError(error, 'wait4')
    return wo
  }

  #waitid(idtype: number, id: number | Pidfd, options: number): WaitOpts {
    int32('idtype', idtype)
    const bits = flags32('options', options)
    const ref = this.live('waitid')
    const table = this.realm.table
    let pidfdPid = NULL_PID
    let nonblock = false
    if (idtype === P_PIDFD && id instanceof Pidfd) {
      const file = Pidfd.refOf(id, this.realm)
      if (file !== 0) {
        pidfdPid = fs.pidfdPid(table, file)
        nonblock = (fs.pidfdFlags(table, file) & PIDFD_NONBLOCK) !== 0
      }
    } else if (id instanceof Pidfd) {
      throw new TypeError('"id" expected a number, got a Pidfd')
    }
    const wo = newWaitOpts()
    const error = waitidOpts(
      table,
      ref,
      idtype,
      id instanceof Pidfd ? 0 : int32('id', id),
      pidfdPid,
      bits,
      wo,
    )
    if (error < 0) throw new KernelError(error, 'waitid')
    wo.nonblock = nonblock
    return wo
  }

  #sysctl(ref: TaskRef, name: SysctlName, value: number | undefined): number {
    const table = this.realm.table
    if (name === 'kernel.pid_max')
      return value === undefined ? getPidMax(table, ref) : setPidMax(table, ref, value)
    return value === undefined ? getNsLastPid(table, ref) : setNsLastPid(table, ref, value)
  }

  static {
    lockMethods(Task.prototype, (task) => task.realm, { promises: ['waitpid', 'waitid'] })
  }
}

/** The signal of the option, which may end a wait. Throws its reason if it is aborted already, TypeError. */
function abortSignal(option: AbortOption): AbortSignalLike | undefined {
  const { signal } = record('options', option)
  if (signal === undefined) return undefined
  if (signal === null || typeof signal.addEventListener !== 'function') {
    throw new TypeError(`"signal" expected an AbortSignal, got ${show(signal)}`)
  }
  if (signal.aborted) throw signal.reason
  return signal
}
