/**
 * Reads a recording: JSON lines, format version 2 (one header, steps 0 .. N, one end line).
 *
 * Invariant: what it gives out is complete and of the right types and ranges, and its slots are consistent: a caller and
 * a target are in use, a new task takes a free slot, only slots in use change. Whether the numbers are those that Linux
 * would give is not its business. Keeps one record per slot, whatever the length of the recording.
 */
import { CLONE_THREAD, PID_MAX_LIMIT, PID_MAX_MIN } from '../../abi/index.ts'
import type { Call, Change, End, LogItem, LogReader, Start, TaskState, TraceEvent } from '../event.ts'
import { TraceError } from '../trace_error.ts'
import { takeCall } from './call.ts'
import {
  type Fields,
  fieldsOf,
  has,
  noMore,
  parseFields,
  refuse,
  takeInt,
  takeInts,
  takeObject,
  takeString,
  takeTrue,
  takeWord,
} from './fields.ts'
import { takeOutcome } from './outcome.ts'

const VERSION = 2
const MIXES = ['basic', 'ns', 'threads', 'all'] as const
const STATES = ['S', 'T', 'Z', 'E'] as const
/** Slots are few by design; the limit keeps a broken header from making the reader allocate without end. */
const SLOTS_MAX = 65536
const LEVELS_MAX = 32
const NR_MAX = PID_MAX_LIMIT - 1

/** What the reader remembers between lines. */
interface Recording {
  readonly lastStep: number
  readonly slots: number
  nextStep: number
  /** 1 for a slot that names a task. */
  readonly inUse: Uint8Array
}

export function createRecordingReader(emit: (item: LogItem) => void): LogReader {
  let recording: Recording | undefined
  let ended = false

  return {
    line(text: string, line: number): undefined {
      if (ended) throw new TraceError(line, 'expected nothing after the end line')
      if (recording === undefined) {
        const header = parseHeader(text, line)
        recording = header.recording
        emit(header.start)
        return
      }
      const fields = parseFields(text, line, 'step')
      ended = has(fields, 'end')
      emit(ended ? parseEnd(fields, recording) : parseStep(fields, recording))
    },
    finish(lines: number): undefined {
      if (ended) return
      const next = recording === undefined ? 'a header line' : nextLine(recording)
      throw new TraceError(lines, `the recording ends here: expected ${next}`)
    },
  }
}

function nextLine({ nextStep, lastStep }: Recording): string {
  return nextStep > lastStep ? 'an end line' : `step ${nextStep} of ${lastStep}`
}

function parseHeader(text: string, line: number): { start: Start; recording: Recording } {
  const fields = parseFields(text, line, 'header')
  takeString(fields, 'recorder')
  takeInt(fields, 'version', VERSION, VERSION)
  takeInt(fields, 'seed', 0, Number.MAX_SAFE_INTEGER)
  takeWord(fields, 'mix', MIXES)
  const lastStep = takeInt(fields, 'steps', 0)
  const pidMax = takeInt(fields, 'pid_max', PID_MAX_MIN, PID_MAX_LIMIT)
  const slots = takeInt(fields, 'slots', 1, SLOTS_MAX)
  noMore(fields)
  const inUse = new Uint8Array(slots)
  inUse[0] = 1
  return {
    start: { kind: 'start', line, pidMax, keyWord: 'slot' },
    recording: { lastStep, slots, nextStep: 0, inUse },
  }
}

function parseStep(fields: Fields, recording: Recording): TraceEvent {
  const { nextStep: step, lastStep, slots, inUse } = recording
  if (step > lastStep) throw new TraceError(fields.line, 'expected the end line')
  takeInt(fields, 'step', step, step)
  const by = takeInt(fields, 'by', 0, slots - 1)
  if (!inUse[by]) refuse(fields, 'by', 'a slot in use', by)
  const call = takeCall(fields, { step, slots })
  if (call.op === 'setns' && 'target' in call && !inUse[call.target]) {
    refuse(fields, 'target', 'a slot in use', call.target)
  }
  const outcome = takeOutcome(fields, call)
  const changed = takeStates(fields, 'changed', slots)
  noMore(fields)

  const made = call.op === 'clone' && outcome.kind === 'returned' ? call.child : undefined
  if (made !== undefined) claim(fields, made, call, changed, inUse)
  for (const [slot, state] of changed) {
    if (!inUse[slot])
      throw new TraceError(fields.line, `step: "changed": expected no slot ${slot}, it is not in use`)
    if (state === null) inUse[slot] = 0
  }
  recording.nextStep++
  return { kind: 'event', line: fields.line, by, call, outcome, changed }
}

/** The slot of a new task, free until now, is in use from here on. */
function claim(
  fields: Fields,
  slot: number,
  call: Call,
  changed: readonly Change[],
  inUse: Uint8Array,
): undefined {
  if (inUse[slot]) refuse(fields, 'new', 'a free slot', slot)
  if (!changed.some(([key, state]) => key === slot && state !== null)) {
    const made = 'flags' in call && call.flags & CLONE_THREAD ? 'thread' : 'task'
    throw new TraceError(fields.line, `step: "changed": expected the state of slot ${slot}, the new ${made}`)
  }
  inUse[slot] = 1
}

function parseEnd(fields: Fields, { lastStep, nextStep, slots, inUse }: Recording): End {
  const end: Fields = { ...fields, what: 'end' }
  if (nextStep <= lastStep) {
    throw new TraceError(fields.line, `expected step ${nextStep} of ${lastStep}, got the end line`)
  }
  takeTrue(end, 'end')
  takeInt(end, 'steps', lastStep, lastStep)
  const left = takeStates(end, 'slots', slots)
  noMore(end)
  const listed = new Set(left.map(([slot]) => slot))
  for (let slot = 1; slot < slots; slot++) {
    if (Boolean(inUse[slot]) === listed.has(slot)) continue
    const what = inUse[slot] ? `the state of slot ${slot}` : `no slot ${slot}, it is not in use`
    throw new TraceError(fields.line, `end: "slots": expected ${what}`)
  }
  return { kind: 'end', line: fields.line, left }
}

function takeStates(fields: Fields, name: 'changed' | 'slots', slots: number): Change[] {
  const object = takeObject(fields, name)
  const changes: Change[] = []
  for (const key of Object.keys(object)) {
    const slot = Number(key)
    if (String(slot) !== key || !Number.isInteger(slot) || slot < 1 || slot >= slots) {
      throw new TraceError(
        fields.line,
        `${fields.what}: "${name}": expected slots from 1 to ${slots - 1}, got "${key}"`,
      )
    }
    const gone = object[key] === null && name === 'changed'
    changes.push([slot, gone ? null : takeState(fieldsOf(object[key], fields.line, `slot ${key}`))])
  }
  return changes
}

function takeState(fields: Fields): TaskState {
  const state = takeWord(fields, 'state', STATES)
  const ppid = takeInt(fields, 'ppid', 0, NR_MAX)
  const pid = takeInts(fields, 'pid', LEVELS_MAX, 1, NR_MAX)
  const tgid = takeInts(fields, 'tgid', LEVELS_MAX, 1, NR_MAX)
  const pgid = takeInts(fields, 'pgid', LEVELS_MAX, 0, NR_MAX)
  const sid = takeInts(fields, 'sid', LEVELS_MAX, 0, NR_MAX)
  noMore(fields)
  for (const [name, list] of Object.entries({ tgid, pgid, sid })) {
    if (list.length !== pid.length) refuse(fields, name, `${pid.length} numbers, as in "pid"`, list)
  }
  return { state, ppid, tgid, pid, pgid, sid }
}
