/** The worker behind the page: reads, keeps what was recorded, and answers. */
import { TraceError } from '../../src/trace/trace_error.ts'
import { ADOPTED, EXIT, FORK, type Life, REAPED, SIGNAL } from './lives.ts'
import { readBytes } from './log.ts'
import type {
  Answers,
  Beat,
  Density,
  LifeName,
  LifeView,
  Opened,
  Reply,
  Request,
  Source,
} from './protocol.ts'
import type { Recorded } from './recorded.ts'
import { createStepper, type Stepper } from './stepper.ts'
import { tellStory } from './stories.ts'

interface Port {
  onmessage: ((event: MessageEvent<Request & { id: number }>) => void) | null
  postMessage(reply: Reply, transfer?: Transferable[]): void
}

const port = self as unknown as Port
const COLUMNS = 2048

let recorded: Recorded | undefined
let stepper: Stepper | undefined

port.onmessage = ({ data }) => {
  void answer(data).then(
    (result) => port.postMessage({ id: data.id, answer: result }, buffersOf(result)),
    (error: unknown) => port.postMessage({ id: data.id, trouble: troubleText(error) }),
  )
}

/** What is large in an answer, and made for it alone: handed over, not copied. */
function buffersOf(result: Answers[keyof Answers]): ArrayBuffer[] {
  if (result === undefined || !('snapshot' in result)) return []
  const { snapshot, map, hash } = result
  const arrays: ArrayBufferView[] = [snapshot.rows, snapshot.numbers]
  if (map !== undefined) arrays.push(map.bits, map.free)
  if (hash.kind === 'hash') arrays.push(hash.lengths)
  return arrays.map(({ buffer }) => buffer as ArrayBuffer)
}

async function answer(request: Request & { id: number }): Promise<Answers[keyof Answers]> {
  switch (request.kind) {
    case 'open':
      return await open(request.source, request.lookup, request.id)
    case 'seek': {
      const started = performance.now()
      const at = present()
      at.seek(Math.min(Math.max(0, request.step), (recorded as Recorded).steps))
      const { lineOf, text } = recorded as Recorded
      const line = lineOf[at.step] ?? 0
      return {
        step: at.step,
        line,
        text: text(line),
        snapshot: at.snapshot(),
        trace: at.trace,
        map: at.map(request.map),
        hash: at.hash(request.bucket),
        cpu: at.cpu(),
        ms: performance.now() - started,
      }
    }
    case 'ask':
      return (recorded?.lives ?? [])
        .filter(({ numbers }) => numbers.some(({ ns, nr }) => ns === request.ns && nr === request.nr))
        .map(viewLife)
    case 'life': {
      const life = recorded?.lives[request.id]
      return life === undefined ? undefined : viewLife(life)
    }
    case 'who': {
      const life = recorded?.lives.find((one) => one.pid === request.pid && isAt(one, request.step))
      return life === undefined ? undefined : viewLife(life)
    }
  }
}

function present(): Stepper {
  if (stepper === undefined) throw new Error('nothing is open')
  return stepper
}

async function open(source: Source, lookup: 'hash' | 'idr', id: number): Promise<Opened> {
  let beats: readonly Beat[] = []
  if (source.kind === 'file') {
    recorded = await readBytes(source.name, source.blob, (progress) => port.postMessage({ id, progress }), {
      lookup,
    })
  } else {
    const story = tellStory(source.id, lookup)
    recorded = story.recorded
    beats = story.beats
  }
  stepper = createStepper(recorded)
  const { name, format, steps, lines, level, report } = recorded
  const findings = (report?.findings ?? []).map((finding) => ({
    ...finding,
    step: stepOf(recorded as Recorded, finding.line),
  }))
  return { name, format, steps, lines, level, report, density: densityOf(recorded), findings, beats }
}

/** The first step that comes from this line, or from one after it. */
function stepOf({ lineOf, steps }: Recorded, line: number): number {
  // Lines of steps are almost in order: calls in two lines stand where they end.
  for (let step = 1; step <= steps; step++) if ((lineOf[step] as number) >= line) return step
  return steps
}

function densityOf({ kinds, steps }: Recorded): Density {
  const per = Math.max(1, Math.ceil((steps + 1) / COLUMNS))
  const columns = Math.ceil((steps + 1) / per)
  const density = {
    per,
    forks: new Uint32Array(columns),
    exits: new Uint32Array(columns),
    signals: new Uint32Array(columns),
  }
  for (let step = 0; step <= steps; step++) {
    const bits = kinds[step] as number
    const column = Math.floor(step / per)
    if ((bits & FORK) !== 0) density.forks[column]++
    if ((bits & EXIT) !== 0) density.exits[column]++
    if ((bits & SIGNAL) !== 0) density.signals[column]++
  }
  return density
}

function isAt({ born, gone }: Life, step: number): boolean {
  return born <= step && (gone < 0 || gone > step)
}

function nameOf(id: number): LifeName | undefined {
  const life = recorded?.lives[id]
  return life === undefined
    ? undefined
    : { id, numbers: life.numbers.map(({ nr }) => nr).slice(recorded?.level) }
}

const MOST_CHILDREN = 200

function viewLife(life: Life): LifeView {
  const { lineOf, lives, level } = recorded as Recorded
  const line = (step: number): number => (step < 0 ? 0 : (lineOf[step] ?? 0))
  const children: LifeName[] = []
  for (const other of lives) {
    if (other.parent !== life.id || children.length >= MOST_CHILDREN) continue
    children.push(nameOf(other.id) as LifeName)
  }
  return {
    id: life.id,
    numbers: life.numbers.slice(level),
    born: life.born,
    bornLine: line(life.born),
    gone: life.gone,
    goneLine: line(life.gone),
    parent: nameOf(life.parent),
    happenings: life.happenings.map((one) => ({
      ...one,
      line: line(one.step),
      who: one.kind === ADOPTED || one.kind === REAPED ? nameOf(one.other) : undefined,
    })),
    children,
  }
}

/** As the command line tells it. */
function troubleText(error: unknown): string {
  if (!(error instanceof TraceError))
    return `internal error: ${error instanceof Error ? error.message : String(error)}`
  const { line, message, path = '', checked, matched } = error
  const place = line === 0 ? path : `${path}:${line}`
  if (checked === undefined || matched === undefined) return `${place}: ${message}`
  const results =
    checked === matched
      ? `${checked} results, all equal`
      : `${checked} results, ${checked - matched} different`
  return `${place}: ${message} (before that: ${results})`
}
