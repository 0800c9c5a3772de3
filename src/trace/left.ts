/**
 * Who is left when a log of real programs ends, or when its first process has: those who live on, and those who ended
 * and whose parents live and have not waited for them.
 */
import { type Ancestor, descentOf } from './descent.ts'
import type { Finding } from './report.ts'
import type { SpanReplay } from './span_replay.ts'
import { numberOf, type Proc } from './span_world.ts'

export interface Left {
  /** In order of birth. */
  readonly processes: readonly LeftProcess[]
  /** In order of birth. */
  readonly zombies: readonly LeftZombie[]
}

export interface LeftProcess {
  /** In the log's own namespace, as all numbers here. */
  readonly pid: number
  /** `pid`, and its numbers in deeper namespaces. */
  readonly numbers: readonly number[]
  readonly command: string
  /** Who started it, who started that one, and so on up to the first process. */
  readonly descent: readonly Ancestor[]
  /** Where it was born, or first seen; `time` as the log prints it, '' where it does not. */
  readonly line: number
  readonly time: string
  /** 0: those of whoever started the first process. */
  readonly pgid: number
  readonly sid: number
  /** How it, or somebody it stems from, left the process group of the first process. */
  readonly left: 'setsid' | 'setpgid' | undefined
  /** The kill of a group that it outlived: the last finding of the kinds group-survivor and session-escape about it. */
  readonly survived: Finding | undefined
}

export interface LeftZombie {
  readonly pid: number
  readonly command: string
  /** Who should have waited. */
  readonly parent: Ancestor
  /** Where it ended; 0: not seen. */
  readonly line: number
}

export function leftOf(replay: SpanReplay, findings: readonly Finding[]): Left {
  const { world, seen } = replay
  const processes: LeftProcess[] = []
  const zombies: LeftZombie[] = []
  const escapes = new Map<number, Finding>()
  for (const finding of findings) {
    if (finding.kind === 'group-survivor' || finding.kind === 'session-escape')
      escapes.set(finding.pid, finding)
  }
  for (const proc of world.procs.values()) {
    if (!proc.dead) processes.push(describe(proc, seen.root, escapes))
    else if (proc.parent !== undefined && !proc.parent.dead) zombies.push(describeZombie(proc, proc.parent))
  }
  return { processes, zombies }
}

function describe(proc: Proc, root: Proc | undefined, escapes: ReadonlyMap<number, Finding>): LeftProcess {
  const [pid, { task, command, born, time }] = [numberOf(proc), proc]
  const [pgid, sid] = [task.nspgid[1] ?? 0, task.nssid[1] ?? 0]
  const survived = escapes.get(pid)
  return {
    pid,
    numbers: proc.numbers,
    command,
    descent: descentOf(proc),
    line: born,
    time,
    pgid,
    sid,
    left: proc === root ? undefined : wayOut(pgid, sid, root),
    // An older process of the same number is another one.
    survived: survived !== undefined && survived.line >= born ? survived : undefined,
  }
}

/** Whoever stays has the numbers from outside the log, or those that the first process made its own. */
function wayOut(pgid: number, sid: number, root: Proc | undefined): LeftProcess['left'] {
  const own = root === undefined ? 0 : numberOf(root)
  if (sid !== 0 && sid !== own) return 'setsid'
  return pgid !== 0 && pgid !== own ? 'setpgid' : undefined
}

function describeZombie(proc: Proc, parent: Proc): LeftZombie {
  return {
    pid: numberOf(proc),
    command: proc.command,
    parent: { pid: numberOf(parent), command: parent.command },
    line: proc.gone,
  }
}
