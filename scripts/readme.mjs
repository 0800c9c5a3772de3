// Writes what documents say of the program itself - results, output, the layout of the memory - between their markers,
// so that nobody types it:
//
//   <!-- begin results -->N of N<!-- end results -->
//
//   npm run docs                      builds, and writes
//   node scripts/readme.mjs --check   writes nothing, and exits with 1 where a document is not what would be written
//
// Needs dist/ and out/examples/.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CLI = 'dist/cli/main.js'
const RECORDINGS = ['examples', 'tests/data']
const HEADER = '{"recorder":'

const number = (n) => n.toLocaleString('en-US')
const node = (...args) =>
  execFileSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    maxBuffer: 1 << 28,
  })
const fence = (text) => `\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`

const contentOf = (path) => {
  const bytes = readFileSync(join(ROOT, path))
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes
}

/** Every recording that ships with the repository, each once. */
let found
function recordings() {
  if (found !== undefined) return found
  const seen = new Set()
  found = RECORDINGS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.jsonl(\.gz)?$/.test(path))
      .sort()
      .map((path) => join(folder, path)),
  ).filter((path) => {
    const content = contentOf(path)
    const digest = createHash('sha256').update(content).digest('hex')
    const isNew = content.toString('utf8', 0, HEADER.length) === HEADER && !seen.has(digest)
    seen.add(digest)
    return isNew
  })
  return found
}

let replayed
function replayAll() {
  replayed ??= JSON.parse(node(CLI, 'replay', '--json', '--no-check', ...recordings()))
  return replayed
}

/** The output of `npm start`: how many lines of each paragraph are worth a reader's time. */
const SHOWN = { tree: 9, findings: 24 }

function start() {
  const [title, tree, findings, ...verdict] = node(CLI, 'replay', 'examples/leaks.strace').split('\n\n')
  const shorten = (text, lines) => {
    const all = text.split('\n')
    return all.length <= lines ? text : [...all.slice(0, lines), '…'].join('\n')
  }
  const paragraphs = [title, shorten(tree, SHOWN.tree), shorten(findings, SHOWN.findings), verdict.at(-1)]
  // How fast it was differs from run to run.
  return fence(paragraphs.join('\n\n').replace(/, [\d,]+ a second\)/, ')'))
}

const layout = existsSync(join(ROOT, 'dist')) ? await import('../dist/mm/layout.js') : {}

/** The records of src/mm/layout.ts: the prefix of their words' names, and how many words one takes. */
const RECORDS = [
  ['header', 'H_', layout.HEADER_WORDS],
  ['slab descriptor', 'SLAB_', layout.SLAB_WORDS],
  [
    'struct pid',
    'PID_',
    `${layout.pidSlotWords?.(0)} words at level 0, ${layout.pidSlotWords?.(32)} at level 32`,
  ],
  ['upid', 'UPID_', layout.UPID_WORDS],
  ['struct pid_namespace', 'NS_', layout.nsSlotWords?.(128)],
  ['pidmap entry', 'PIDMAP_', layout.PIDMAP_WORDS],
  ['task_struct', 'TASK_', layout.TASK_SLOT_WORDS],
  ['pid_link', 'LINK_', layout.LINK_WORDS],
  ['signal_struct', 'SIG_', layout.SIG_SLOT_WORDS],
  ['sighand_struct', 'HAND_', layout.HAND_SLOT_WORDS],
  ['what is due to a task', 'DUE_', layout.DUE_SLOT_WORDS],
  ['mount of procfs', 'MOUNT_', layout.MOUNT_SLOT_WORDS],
  ['pidfd', 'PIDFD_', layout.PIDFD_SLOT_WORDS],
  ['namespace file', 'NSFILE_', layout.NSFILE_SLOT_WORDS],
]
/** Constants that are counts or indices, not places of words. */
const NO_WORD =
  /(?<!^H|^SLAB_SLOT)_WORDS$|^PIDTYPE_|^SLAB_(PID|NS|PAGE|MOUNT|TASK|SIGNAL|PIDFD|NSFILE|IDR_LEAF|IDR_TOP|SIGHAND|DUE|COUNT)$/
const TEXT_WIDTH = 110

/** Each record with its words: their places, and what they hold. */
function memory() {
  const paragraphs = RECORDS.map(([name, prefix, words]) => {
    const fields = Object.entries(layout)
      .filter(([key, value]) => key.startsWith(prefix) && typeof value === 'number' && !NO_WORD.test(key))
      .sort(([, a], [, b]) => a - b)
      .map(([key, value]) => `${value} ${key.slice(prefix.length).toLowerCase()}`)
    return [
      `${name}, ${typeof words === 'string' ? words : `${words} words`} (${prefix}):`,
      ...wrapped(fields),
    ].join('\n')
  })
  return fence(paragraphs.join('\n\n'))
}

function wrapped(words) {
  const lines = ['   ']
  for (const word of words) {
    if (lines.at(-1).length + word.length + 2 > TEXT_WIDTH) lines.push('   ')
    lines.push(`${lines.pop()} ${word},`)
  }
  return [...lines.slice(0, -1), lines.at(-1).slice(0, -1)]
}

/** MiB of address space that a kernel takes unless it is told otherwise. */
async function reserved() {
  const { Kernel } = await import('../dist/index.js')
  const before = process.memoryUsage().arrayBuffers
  const kernel = Kernel.boot()
  const taken = process.memoryUsage().arrayBuffers - before
  kernel.dispose()
  return number(Math.round(taken / 2 ** 20))
}

/** Document -> marker -> what stands between. */
const DOCUMENTS = {
  'README.md': {
    results: () => `${number(replayAll().matched)} of ${number(replayAll().checked)}`,
    recordings: () => `${number(recordings().length)}`,
    start,
    reserved,
  },
  'ARCHITECTURE.md': { memory },
  'examples/README.md': {
    sandbox: () => fence(node('out/examples/sandbox.js')),
    four_workers: () => fence(node('out/examples/four_workers.js')),
  },
}

async function written(path, text) {
  let result = text
  for (const [name, write] of Object.entries(DOCUMENTS[path])) {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
    const parts = result.split(begin)
    if (parts.length < 2) throw new Error(`${path} lacks ${begin}`)
    const between = await write()
    result = parts
      .map((part, i) => {
        if (i === 0) return part
        const at = part.indexOf(end)
        if (at === -1) throw new Error(`${path} lacks ${end}`)
        return begin + between + part.slice(at)
      })
      .join('')
  }
  return result
}

const check = process.argv.includes('--check')
for (const path of Object.keys(DOCUMENTS)) {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const now = await written(path, text)
  if (now === text) continue
  if (check) {
    const lines = now.split('\n')
    const at = text.split('\n').findIndex((line, i) => line !== lines[i])
    console.error(`${path}:${at + 1}: not what would be written: ${lines[at]}\nnpm run docs writes it.`)
    process.exitCode = 1
  } else {
    writeFileSync(join(ROOT, path), now)
    console.log(`${path}: written`)
  }
}
