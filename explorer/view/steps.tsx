/** What the code did for this event: who called whom, with what, and what came of it. Each row of the seeds is one link away. */
import { signal, useSignal } from '@preact/signals'
import seeds from '../../docs/seeds.md?raw'
import type { CallNode } from '../engine/tracer.ts'
import * as S from './store.ts'

interface SeedRow {
  readonly nr: number
  readonly text: string
  readonly functions: readonly string[]
}

/** The table of docs/seeds.md. */
const ROWS: readonly SeedRow[] = seeds.split('\n').flatMap((line) => {
  const cells = /^\| (\d+) \| (.*?) \| (.*?) \|/.exec(line)
  if (cells === null) return []
  const [, nr = '', text = '', ours = ''] = cells
  const functions = [...ours.matchAll(/\[`(\w+)`\]/g)].map(([, name]) => name as string)
  return [{ nr: Number(nr), text: text.replace(/ \[[a-d]\]\(#loose\)/, ''), functions }]
})

const BY_FUNCTION = new Map<string, SeedRow[]>()
for (const row of ROWS)
  for (const name of row.functions) BY_FUNCTION.set(name, [...(BY_FUNCTION.get(name) ?? []), row])

const chosen = signal<string | undefined>(undefined)

export function Steps() {
  const shown = S.view.value
  if (shown === undefined) return null
  const { calls, left } = shown.trace
  const name = chosen.value
  const rows = name === undefined ? undefined : BY_FUNCTION.get(name)
  return (
    <div class="steps">
      {calls.length === 0 ? (
        <p class="quiet">
          {shown.step === 0
            ? 'The beginning: nothing has been done yet.'
            : 'This line changed nothing in the table.'}
        </p>
      ) : (
        <section class="calls" aria-label="Calls of this step">
          <Calls calls={calls} depth={0} outer={undefined} />
          {left > 0 && <p class="quiet">and {left} more calls</p>}
        </section>
      )}
      {rows !== undefined && (
        <aside class="seed" aria-label={`What the seeds say of ${name}`}>
          <header>
            <b>{kernelName(name as string)}</b>
            <button type="button" class="plain" aria-label="Close" onClick={() => (chosen.value = undefined)}>
              ×
            </button>
          </header>
          {rows.map(({ nr, text }) => (
            <p key={nr}>
              <b>docs/seeds.md, row {nr}:</b> {text}.
            </p>
          ))}
        </aside>
      )}
    </div>
  )
}

interface CallsProps {
  readonly calls: readonly CallNode[]
  readonly depth: number
  readonly outer: CallNode | undefined
}

function Calls({ calls, depth, outer }: CallsProps) {
  return (
    <ol>
      {calls.map((call, i) => (
        <li key={i}>
          <Branch call={call} depth={depth} outer={outer} />
        </li>
      ))}
    </ol>
  )
}

interface CallProps {
  readonly call: CallNode
  readonly outer: CallNode | undefined
}

const OPEN_DEPTH = 3

/** A call, and those that it made, which can be folded away. */
function Branch({ call, depth, outer }: CallProps & { readonly depth: number }) {
  const isOpen = useSignal(depth < OPEN_DEPTH)
  if (call.calls.length === 0) {
    return (
      <div class="leaf">
        <Call call={call} outer={outer} />
      </div>
    )
  }
  return (
    <>
      <div class="branching">
        <button
          type="button"
          class="plain twist"
          aria-expanded={isOpen.value}
          aria-label={`Calls of ${kernelName(call.name)}`}
          onClick={() => {
            isOpen.value = !isOpen.value
          }}
        >
          {isOpen.value ? '▾' : '▸'}
        </button>
        <Call call={call} outer={outer} />
      </div>
      {isOpen.value && <Calls calls={call.calls} depth={depth + 1} outer={call} />}
    </>
  )
}

/** Interrupts and readers are told of where they are not as the caller has them. */
function Call({ call, outer }: CallProps) {
  const { name, file, args, result, effects, irqsOff, reading } = call
  const rows = BY_FUNCTION.get(name)
  return (
    <span class={`call ${file.startsWith('pid/') ? 'own' : ''}`} title={`src/${file}`}>
      <code>
        <b>{kernelName(name)}</b>(<span class="args">{args.filter((arg) => arg !== '').join(', ')}</span>)
      </code>
      {result !== '' && <code class="result">= {result}</code>}
      {effects.map((effect) => (
        <span key={effect} class="effect">
          {effect}
        </span>
      ))}
      {irqsOff && !outer?.irqsOff && (
        <span class="mark" title="interrupts are off">
          irqs off
        </span>
      )}
      {reading && !outer?.reading && (
        <span class="mark" title="a read section is open">
          reading
        </span>
      )}
      {rows !== undefined && (
        <button
          type="button"
          class="seed-link"
          onClick={() => {
            chosen.value = name
          }}
        >
          row {rows.map(({ nr }) => nr).join(', ')}
        </button>
      )}
    </span>
  )
}

/** `allocPid` is alloc_pid in the kernel. */
function kernelName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
