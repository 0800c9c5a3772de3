/*
 * docs/semantics.md names a test for each rule. What it names exists: the test, or the kind of call in the recordings of
 * a real kernel, all of which tests/recordings.test.ts replays and compares.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { errnoName } from 'pidns/abi'
import { filesBelow, readBytes, readText } from './doc_blocks.ts'

interface Row {
  readonly line: number
  readonly rule: string
  /** `group: title`, or `recorded: words`. */
  readonly shownBy: readonly string[]
}

/** The rows of the tables whose last column says what shows them. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = []
  let inTable = false
  for (const [i, line] of text.split('\n').entries()) {
    const cells = line.split(' | ')
    if (!line.startsWith('|')) inTable = false
    else if (line.endsWith('| shown by |')) inTable = true
    else if (inTable && !line.startsWith('|---')) {
      const last = (cells.at(-1) as string).replace(/ \|$/, '')
      rows.push({
        line: i + 1,
        rule: (cells[0] as string).slice(2),
        shownBy: last === '-' ? [] : last.split('; '),
      })
    }
  }
  return rows
}

const ROWS = rowsOf(readText('docs/semantics.md'))
const REFERENCES = ROWS.flatMap(({ line, shownBy }) => shownBy.map((reference) => ({ line, reference })))

/** The sources of the tests, by the group that they are in: `tests/GROUP.test.ts`, `tests/GROUP_x.ts`, `tests/GROUP/x.ts`. */
function sourceOf(group: string): string {
  return filesBelow('tests', '.ts')
    .filter((path) => new RegExp(`^tests/${group}(\\.test\\.ts$|_|/)`).test(path))
    .map(readText)
    .join('\n')
}

/** Every kind of call in the recordings, as the words that tell it apart: `fork N set_tid EINVAL`. */
function recordedCalls(): Set<string>[] {
  const kinds = new Map<string, Set<string>>()
  const files = [...filesBelow('tests/data', '.jsonl.gz'), ...filesBelow('examples', '.jsonl')]
  for (const path of files) {
    const bytes = readBytes(path)
    const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
    for (const line of text.split('\n').slice(0, -1)) {
      const words = wordsOf(JSON.parse(line) as Record<string, unknown>)
      if (words.length > 0) kinds.set(words.join(' '), new Set(words))
    }
  }
  return [...kinds.values()]
}

function wordsOf(step: Record<string, unknown>): string[] {
  const { op, flags, stage, set_tid: setTid, err, died, stopped, idtype, for_children: forChildren } = step
  if (typeof op !== 'string') return []
  const letters = typeof flags === 'string' ? [...flags] : []
  return [
    op,
    ...letters,
    ...(setTid === undefined ? [] : ['set_tid']),
    ...(idtype === undefined ? [] : [`idtype=${idtype}`]),
    ...(forChildren === undefined ? [] : [`for_children=${forChildren}`]),
    ...(stage === undefined ? [] : [String(stage)]),
    died === true ? 'died' : stopped === true ? 'stopped' : typeof err === 'number' ? errnoName(err) : 'ok',
  ]
}

describe('docs/semantics.md', () => {
  it('has a row for each of many rules', () => {
    assert.ok(ROWS.length > 150, `${ROWS.length} rows`)
    assert.ok(REFERENCES.length > 150, `${REFERENCES.length} references`)
  })

  it('names tests that exist', () => {
    const sources = new Map<string, string>()
    const missing = REFERENCES.filter(({ reference }) => !reference.startsWith('recorded: ')).filter(
      ({ reference }) => {
        const group = reference.slice(0, reference.indexOf(': '))
        const title = reference.slice(group.length + 2)
        if (!sources.has(group)) sources.set(group, sourceOf(group))
        const source = sources.get(group) as string
        return group === '' || title === '' || !(source.includes(title) && source !== '')
      },
    )
    assert.deepEqual(
      missing.map(({ line, reference }) => `${line}: ${reference}`),
      [],
    )
  })

  it('names kinds of calls that were recorded', () => {
    const kinds = recordedCalls()
    assert.ok(kinds.length > 100)
    const missing = REFERENCES.filter(({ reference }) => reference.startsWith('recorded: ')).filter(
      ({ reference }) => {
        const words = reference.slice('recorded: '.length).split(' ')
        return !kinds.some((kind) => words.every((word) => kind.has(word)))
      },
    )
    assert.deepEqual(
      missing.map(({ line, reference }) => `${line}: ${reference}`),
      [],
    )
  })
})
