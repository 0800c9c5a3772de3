/** Every case there is, by what it is about. */
import type { Case } from './case.ts'
import { CLONE } from './clone.ts'
import { EXEC } from './exec.ts'
import { FORK } from './fork.ts'
import { HANDLERS } from './handlers.ts'
import { INIT_SIGNALS } from './init_signals.ts'
import { KILL } from './kill.ts'
import { KILL_MANY } from './kill_many.ts'
import { NS_DEATH } from './ns_death.ts'
import { NUMBERS } from './numbers.ts'
import { ORPHANS } from './orphans.ts'
import { PDEATHSIG } from './pdeathsig.ts'
import { PIDFD_OPEN } from './pidfd_open.ts'
import { PIDFD_SEND } from './pidfd_send.ts'
import { REBOOT } from './reboot.ts'
import { SESSION } from './session.ts'
import { SET_TID } from './set_tid.ts'
import { SETNS } from './setns.ts'
import { SETPGID } from './setpgid.ts'
import { SIGMASK } from './sigmask.ts'
import { SUBREAPER } from './subreaper.ts'
import { TKILL } from './tkill.ts'
import { UNSHARE } from './unshare.ts'
import { WAIT } from './wait.ts'
import { WAIT_KINDS } from './wait_kinds.ts'
import { WAIT_PIDFD } from './wait_pidfd.ts'
import { WAIT_STOP } from './wait_stop.ts'
import { WAITID } from './waitid.ts'

export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  fork: FORK,
  clone: CLONE,
  'clone with set_tid': SET_TID,
  'the next number': NUMBERS,
  'execve, exit': EXEC,
  subreapers: SUBREAPER,
  orphans: ORPHANS,
  'death signals': PDEATHSIG,
  wait4: WAIT,
  'kinds of children': WAIT_KINDS,
  waitid: WAITID,
  'waitid through a pidfd': WAIT_PIDFD,
  'waits for stops': WAIT_STOP,
  'kill of a process': KILL,
  'kill of many': KILL_MANY,
  'tkill, tgkill': TKILL,
  'signals to an init': INIT_SIGNALS,
  handlers: HANDLERS,
  'blocked signals': SIGMASK,
  setpgid: SETPGID,
  'sessions and groups': SESSION,
  unshare: UNSHARE,
  setns: SETNS,
  'the end of a namespace': NS_DEATH,
  reboot: REBOOT,
  'pidfd_open, poll': PIDFD_OPEN,
  pidfd_send_signal: PIDFD_SEND,
}

export const CASES: readonly Case[] = Object.values(GROUPS).flat()
