/**
 * Kills of process groups, and who outlived them: members that the signal did not end, and those who had left the group
 * before by setsid or setpgid, or stem from such.
 *
 * In a recording a kill's victims end with it. In a log of real programs they end later: a kill is watched until its last
 * member has ended. Of those only the latest `WATCHED` are.
 */
import {
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
  signalName,
} from '../abi/index.ts'
import { type Group, type Happening, isAlive, isLeader, type Life, type Lives, targetGroup } from './lives.ts'

const WATCHED = 64

export interface Survivor {
  readonly kind: 'group-survivor' | 'session-escape'
  readonly life: Life
  readonly group: number
  /** The line and time of the kill. */
  readonly line: number
  readonly time: string
  readonly text: string
}

export interface GroupKills {
  /** A kill, before its consequences. */
  begin(event: Happening): undefined
  /** Who has ended. Returns who outlived what ended them. */
  ended(lives: readonly Life[], event: Happening): Survivor[]
  /** Members of killed groups that live still. */
  survivors(): Survivor[]
}

interface GroupKill {
  readonly group: Group
  readonly sig: number
  readonly line: number
  readonly time: string
  readonly members: Set<Life>
  ended: number
}

const HARMLESS: readonly number[] = [
  0,
  SIGCHLD,
  SIGCONT,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
]

export function createGroupKills(lives: Lives): GroupKills {
  const watched: GroupKill[] = []

  return {
    begin(event: Happening): undefined {
      const { call, line, time = '' } = event
      if (call.op !== 'kill' || HARMLESS.includes(call.sig)) return
      const group = targetGroup(lives, event)
      if (group === undefined || watched.at(-1)?.line === line) return
      const members = new Set<Life>()
      for (const life of group.members)
        if (isAlive(life.state) && isLeader(life.state) && life.key !== lives.top.initKey) members.add(life)
      watched.push({ group, sig: call.sig, line, time, members, ended: 0 })
      if (watched.length > WATCHED) watched.shift()
    },
    ended(ended: readonly Life[], event: Happening): Survivor[] {
      const told: Survivor[] = []
      for (const kill of [...watched]) {
        const victims = ended.filter((life) => kill.members.delete(life) && endedBy(kill, event))
        for (const { ended: ending } of victims) if (ending !== undefined) ending.kill = kill.line
        if (victims.length > 0 && kill.ended === 0)
          told.push(...escapesOf(kill, countOf(kill, victims, event)))
        kill.ended += victims.length
        // In a recording whoever was not ended by now has outlived it.
        if (victims.length > 0 && event.line === kill.line) told.push(...survivorsOf(kill))
        if (kill.members.size === 0 || (victims.length > 0 && event.line === kill.line))
          watched.splice(watched.indexOf(kill), 1)
      }
      return told
    },
    survivors: () => watched.flatMap((kill) => (kill.ended > 0 ? survivorsOf(kill) : [])),
  }
}

/** The end shows together with the kill, or by the signal's name. */
function endedBy({ sig, line }: GroupKill, { call, line: at }: Happening): boolean {
  return at === line || (call.op === 'killed' && call.sig === sig)
}

function countOf(kill: GroupKill, victims: readonly Life[], event: Happening): number {
  return event.line === kill.line ? victims.length : [...kill.members].length + victims.length
}

function escapesOf({ group, sig, line, time }: GroupKill, ended: number): Survivor[] {
  const told: Survivor[] = []
  for (const [life, { line: left, how }] of group.fled) {
    if (!isAlive(life.state) || !isLeader(life.state) || life.group === group || life.born > line) continue
    const text = `outlived ${signalName(sig)} to group ${group.nr}, which ended ${ended}: it had left by ${how} at line ${left}`
    const kind = how === 'setsid' ? 'session-escape' : 'group-survivor'
    told.push({ kind, life, group: group.nr, line, time, text })
    life.escapes?.delete(group)
    group.fled.delete(life)
  }
  return told
}

function survivorsOf({ group, sig, line, time, members, ended }: GroupKill): Survivor[] {
  return [...members].map((life) => {
    const text = `outlived ${signalName(sig)} to its group ${group.nr}, which ended ${ended}${spared(life, sig)}`
    return { kind: 'group-survivor', life, group: group.nr, line, time, text }
  })
}

function spared({ key, namespace, state }: Life, sig: number): string {
  if (key === namespace.initKey) return ': it is the init of a namespace'
  return state.state === 'T' && sig !== SIGKILL ? ': it is stopped, the signal waits' : ''
}
