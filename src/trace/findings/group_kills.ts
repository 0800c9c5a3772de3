/**
 * Kills of process groups, and who outlived them: members that the signal did not end, and those who had left the group
 * before by setsid or setpgid, or stem from such.
 *
 * In a recording a kill's victims end with it. In a log of real programs they end later: a kill is watched until its last
 * member has ended. Of those only the latest `WATCHED` are.
 */
import { SIGKILL, signalName } from '../../abi/index.ts'
import { isDeadly } from '../../inside.ts'
import { NumberMap } from '../number_map.ts'
import {
  type Group,
  type Happening,
  isAlive,
  isLeader,
  type Life,
  type Lives,
  membersOf,
  targetGroup,
} from './lives.ts'

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
  /** Where the log tells what became of each signal of a kill, before the kill returns. */
  sent(life: Life, sig: number, ignored: boolean): undefined
  /** A kill, before its consequences. */
  begin(event: Happening): undefined
  /** Who has ended. Returns who outlived what ended them. */
  ended(lives: readonly Life[], event: Happening): readonly Survivor[]
  /** Members of killed groups that live still. */
  survivors(): Survivor[]
}

interface GroupKill {
  readonly group: Group
  readonly sig: number
  readonly line: number
  readonly time: string
  readonly members: Set<Life>
  /** The log shows that they ignore the signal. */
  readonly ignoring: Set<Life>
  ended: number
}

export function createGroupKills(lives: Lives): GroupKills {
  const watched: GroupKill[] = []
  /** The kills that each member has been the target of and has not ended since. */
  const targets = new NumberMap<GroupKill[]>()

  function forget(kill: GroupKill): undefined {
    watched.splice(watched.indexOf(kill), 1)
    for (const life of kill.members) release(life, kill)
  }

  function release(life: Life, kill: GroupKill): undefined {
    const others = targets.get(life.key)?.filter((other) => other !== kill) ?? []
    if (others.length === 0) targets.delete(life.key)
    else targets.set(life.key, others)
  }
  /** The latest signal that each has ignored. */
  const ignored = new WeakMap<Life, number>()

  return {
    sent(life: Life, sig: number, isIgnored: boolean): undefined {
      if (isIgnored) ignored.set(life, sig)
      else ignored.delete(life)
    },
    begin(event: Happening): undefined {
      const { call, line, time = '' } = event
      if (call.op !== 'kill' || !isDeadly(call.sig)) return
      const group = targetGroup(lives, event)
      if (group === undefined || watched.at(-1)?.line === line) return
      const kill: GroupKill = {
        group,
        sig: call.sig,
        line,
        time,
        members: new Set(),
        ignoring: new Set(),
        ended: 0,
      }
      for (const life of membersOf(group)) {
        if (!isAlive(life.state) || !isLeader(life.state) || life.key === lives.top.initKey) continue
        if (ignored.get(life) === call.sig) {
          kill.ignoring.add(life)
          continue
        }
        kill.members.add(life)
        targets.set(life.key, [...(targets.get(life.key) ?? []), kill])
      }
      watched.push(kill)
      if (watched.length > WATCHED) forget(watched[0] as GroupKill)
    },
    ended(ended: readonly Life[], event: Happening): readonly Survivor[] {
      if (targets.size === 0 || ended.length === 0) return NONE
      const met = new Set<GroupKill>()
      for (const life of ended) for (const kill of targets.get(life.key) ?? NO_KILLS) met.add(kill)
      if (met.size === 0) return NONE
      const told: Survivor[] = []
      for (const kill of met) {
        const now = event.line === kill.line
        const victims = ended.filter((life) => kill.members.delete(life) && endedBy(kill, event))
        for (const life of victims) if (life.ended !== undefined) life.ended.kill = kill.line
        if (victims.length > 0 && kill.ended === 0) {
          const count = now ? victims.length : kill.members.size + victims.length
          told.push(...ignoringOf(kill, count), ...escapesOf(kill, count))
        }
        kill.ended += victims.length
        // In a recording whoever was not ended by now has outlived it.
        if (victims.length > 0 && now) told.push(...survivorsOf(kill))
        if (kill.members.size === 0 || (victims.length > 0 && now)) forget(kill)
      }
      for (const life of ended) targets.delete(life.key)
      return told
    },
    survivors: () => watched.flatMap((kill) => (kill.ended > 0 ? survivorsOf(kill) : [])),
  }
}

const NONE: readonly Survivor[] = []
const NO_KILLS: readonly GroupKill[] = []

/** The end shows together with the kill, or by the signal's name. */
function endedBy({ sig, line }: GroupKill, { call, line: at }: Happening): boolean {
  return at === line || (call.op === 'killed' && call.sig === sig)
}

function escapesOf({ group, sig, line, time }: GroupKill, ended: number): Survivor[] {
  const told: Survivor[] = []
  for (const { life, way } of group.fled.values()) {
    if (!isAlive(life.state) || !isLeader(life.state) || life.group === group || life.born > line) continue
    const text = `outlived ${signalName(sig)} to group ${group.nr}, which ended ${ended}: it had left by ${way.how} at line ${way.line}`
    const kind = way.how === 'setsid' ? 'session-escape' : 'group-survivor'
    told.push({ kind, life, group: group.nr, line, time, text })
    life.escapes = life.escapes?.filter((other) => other !== group)
    group.fled.delete(life.key)
  }
  return told
}

function ignoringOf({ group, sig, line, time, ignoring }: GroupKill, ended: number): Survivor[] {
  return [...ignoring].map((life) => {
    const text = `outlived ${signalName(sig)} to its group ${group.nr}, which ended ${ended}: it ignores the signal`
    return { kind: 'group-survivor', life, group: group.nr, line, time, text }
  })
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
