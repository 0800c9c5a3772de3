/**
 * Makes a {@link Recorded} while something is performed on a kernel: writes down its calls and what the library tells of
 * lives, and copies the table now and then. Used by the reader of logs, and by the stories.
 */
import type { Kernel } from '../../src/index.ts'
import type { PidRef, TaskRef } from '../../src/mm/layout.ts'
import * as L from '../../src/mm/layout.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { taskPid } from '../../src/pid/task_link.ts'
import { Task } from '../../src/process.ts'
import type { FileReport } from '../../src/trace/report.ts'
import { createTape } from './calls.ts'
import { copyTable, isAtRest } from './copies.ts'
import * as Lv from './lives.ts'
import { notes } from './notes.ts'
import { endTurn } from './platform.ts'
import { type Checkpoint, grown, type Recorded } from './recorded.ts'
import { recordTo, tellInside } from './recorder.ts'

/** How copies of the table are spread over a log. */
export interface Spacing {
  /** So many words of calls lie between two copies, to begin with. */
  readonly interval: number
  /** When the copies have more bytes, every other one goes, and the next ones lie twice as far apart. */
  readonly mostBytes: number
}

/** The calls of an interval are made again in a few milliseconds. */
const SPACING: Spacing = { interval: 4_000, mostBytes: 256 * 2 ** 20 }

export interface Recording {
  /** The step is over; it came from this line. */
  step(line: number): void
  readonly steps: number
  end(
    what: Pick<Recorded, 'name' | 'format' | 'lines' | 'level' | 'text'>,
    report: FileReport | undefined,
  ): Recorded
  stop(): void
}

export function tableOf(kernel: Kernel): PidTable {
  return Task.realmOf(kernel.init).table
}

/** From now on what is done to `kernel` is recorded; its present state is step 0. */
export function startRecording(kernel: Kernel, spacing: Spacing = SPACING): Recording {
  endTurn()
  const table = tableOf(kernel)
  const tape = createTape()
  const lives = Lv.createLives()
  const image = kernel.save()
  const checkpoints: Checkpoint[] = [{ step: 0, words: copyTable(table) }]
  let [steps, bits, lastTape] = [0, 0, 0]
  let [interval, bytes] = [spacing.interval, 0]
  let callsEnd: Float64Array = new Float64Array(1024)
  let lineOf: Uint32Array = new Uint32Array(1024)
  let kinds: Uint8Array = new Uint8Array(1024)
  const newborn: PidRef[] = []
  const happen = (life: Lv.Life | undefined, kind: number, other: number): void =>
    void life?.happenings.push({ step: steps + 1, kind, other })
  const lifeOf = (task: unknown): Lv.Life | undefined => Lv.lifeOfTask(lives, table, task as TaskRef)

  for (const task of kernel.tasks()) {
    const pid = taskPid(table, Task.refOf('task', task, Task.realmOf(task), 'look'))
    Lv.adoptLiving(lives, table, pid)
    newborn.push(pid)
  }
  nameParents()

  function nameParents(): void {
    for (const pid of newborn) {
      const life = lives.now.get(pid)
      if (life !== undefined) Lv.nameParent(lives, table, pid, life)
    }
    newborn.length = 0
  }

  notes.told = (name, args, result) => {
    switch (name) {
      case 'allocPid':
        if ((result as number) <= 0) return
        Lv.bear(lives, table, result as PidRef, steps + 1)
        newborn.push(result as PidRef)
        bits |= Lv.FORK
        return
      case 'freePid': {
        const life = lives.now.get(args[1] as number)
        if (life !== undefined) life.gone = steps + 1
        lives.now.delete(args[1] as number)
        return
      }
      case 'exitNotify':
        happen(
          lives.now.get(taskPid(table, args[1] as TaskRef)),
          Lv.ENDED,
          table.words[(args[1] as number) + L.TASK_EXIT_CODE],
        )
        bits |= Lv.EXIT
        return
      case 'reparentLeader':
        happen(
          lifeOf(args[2]),
          Lv.ADOPTED,
          lifeOf(table.words[(args[2] as number) + L.TASK_REAL_PARENT])?.id ?? -1,
        )
        return
      case 'releaseTask':
        happen(lives.now.get(taskPid(table, args[2] as TaskRef)), Lv.REAPED, lifeOf(args[1])?.id ?? -1)
        return
      case 'groupSendSigInfo':
        if (args[1] === 0) return
        happen(lifeOf(args[2]), Lv.SIGNALLED, args[1] as number)
        bits |= Lv.SIGNAL
        return
      default:
        tellInside(name, args)
    }
  }
  recordTo(tape)

  function checkpoint(): void {
    lastTape = tape.length
    const words = copyTable(table)
    checkpoints.push({ step: steps, words })
    bytes += words.byteLength
    if (bytes <= spacing.mostBytes) return
    interval *= 2
    for (let i = checkpoints.length - 2; i > 0; i -= 2) checkpoints.splice(i, 1)
    bytes = checkpoints.reduce((sum, { words }) => sum + words.byteLength, 0)
  }

  return {
    step(line) {
      endTurn()
      if (newborn.length > 0) nameParents()
      steps++
      callsEnd = grown(callsEnd, steps)
      lineOf = grown(lineOf, steps)
      kinds = grown(kinds, steps)
      callsEnd[steps] = tape.length
      lineOf[steps] = line
      kinds[steps] = bits
      bits = 0
      if (tape.length - lastTape >= interval && isAtRest(table)) checkpoint()
    },
    get steps() {
      return steps
    },
    end(what, report) {
      this.stop()
      return {
        ...what,
        report,
        steps,
        callsEnd: callsEnd.slice(0, steps + 1),
        lineOf: lineOf.slice(0, steps + 1),
        kinds: kinds.slice(0, steps + 1),
        tape: tape.words.slice(0, tape.length),
        texts: tape.texts,
        image,
        checkpoints,
        lives: lives.all,
      }
    },
    stop() {
      recordTo(undefined)
      notes.told = () => {}
    },
  }
}
