// Vite plugin: two builds of the library for the page, neither of which touches src/.
//
//   noted    what reads logs and replays them: a few functions tell of each call (engine/notes.ts), so that the page knows
//            who had which number when
//   traced   what the page steps through: engine/stepper.ts, and all that it imports. Each function of the rooms below
//            tells of its calls, arguments and results while somebody listens (engine/sink.ts)
//
// The two are two module graphs of the same files. `#platform` is engine/platform.ts in both.
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import ts from 'typescript'

const SRC = resolve('src')
const ENGINE = resolve('explorer/engine')
const STEPPER = resolve(ENGINE, 'stepper.ts')
const TRACED = '?traced'

/** What is worth seeing in a call tree: rooms, without the small questions that every step asks. */
const TRACED_FILES =
  /^(pid\/(pid|pidmap|pid_hash|pid_idr|pid_namespace|pid_ns_ref|pid_task|proc_mount)|task\/(fork|exit|release|zap|wait|signal|signal_send|kill|session|notify|exec|nsproxy|run|pgrp|prctl|sysctl)|sync\/(spinlock|rcu|refcount|workqueue|hlist)|fs\/pidfd)\.ts$/
const NOT_TRACED =
  /^(pidmapEntry|pidMaxOf|upidOfNode|pidHashHead|isPidTaken|nrFreeDec|nrFreeInc|settleFull|taskOfNode|rcuPending|rcuLength|lockQueues|unlockQueues|lockReaders|unlockReaders|deferCallbacks|workPending|takeWork|hlistHashed|hlistFirstRcu|hlistNextRcu|leafOf|lacksTop|idrTop|lockdepAssertHeld|initWork|refcountRead|validSignal|sigKernel\w+|nextPidTask|mkPid|clearPid|recalcSigpending|syscallEnter|wantsSignal|sigFatal|newWaitOpts|peekPidmap|pidBefore|forgetLastPid|forEach\w+)$/

/** File -> functions that tell of each call. */
const NOTED = {
  'pid/pid.ts': ['allocPid', 'freePid'],
  'task/exit.ts': ['reparentLeader', 'exitNotify'],
  'task/release.ts': ['releaseTask'],
  'task/signal_send.ts': ['groupSendSigInfo'],
  'inside.ts': ['peekNumber', 'moveToGroup', 'endProcess', 'endThread'],
}
/** Those that tell before what they do is done: afterwards there is nobody left to name. */
const TELLS_FIRST = /^(freePid|exitNotify|reparentLeader|releaseTask|groupSendSigInfo)$/

export function libraryBuilds() {
  return {
    name: 'library-builds',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined) return
      const isTraced = importer.endsWith(TRACED)
      const suffix = isTraced ? TRACED : ''
      if (source === '#platform') return resolve(ENGINE, 'platform.ts') + suffix
      if (!source.startsWith('.') || !source.endsWith('.ts')) return
      const path = resolve(dirname(importer.replace(/\?.*$/, '')), source)
      if (path === STEPPER || isTraced) return path + TRACED
    },
    load(id) {
      const path = id.replace(/\?.*$/, '')
      const isTraced = id.endsWith(TRACED)
      if (!path.startsWith(SRC) && !isTraced) return
      const text = readFileSync(path, 'utf8')
      const file = relative(SRC, path)
      const wraps = isTraced ? tracedFunctions(file, text) : notedFunctions(file, text)
      return { code: compiled(text, path, wraps, isTraced), moduleType: 'js' }
    },
  }
}

function functionsOf(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return file.statements.filter((node) => ts.isFunctionDeclaration(node) && node.body !== undefined)
}

function tracedFunctions(file, text) {
  if (!TRACED_FILES.test(file)) return []
  return functionsOf(file, text).filter((node) => !NOT_TRACED.test(node.name.text))
}

function notedFunctions(file, text) {
  const names = NOTED[file]
  return names === undefined ? [] : functionsOf(file, text).filter((node) => names.includes(node.name.text))
}

/** JavaScript in which each wrapped function has another name, and one under its own calls it. */
function compiled(text, path, wraps, isTraced) {
  let code = text
  for (const node of [...wraps].reverse()) {
    const at = node.name.getEnd()
    code = `${code.slice(0, at)}$raw${code.slice(at)}`
  }
  const file = relative(SRC, path)
  wraps.forEach((node, i) => {
    code += isTraced ? tracedTwin(node, i, file) : notedTwin(node)
  })
  if (wraps.length > 0) {
    const module = resolve(ENGINE, isTraced ? `sink.ts${TRACED}` : 'notes.ts')
    code = `import * as explorer$ from ${JSON.stringify(module)};${code}`
  }
  return ts.transpileModule(code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText
}

const exported = (node) => (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export ? 'export ' : '')

function tracedTwin(node, i, file) {
  const name = node.name.text
  const params = node.parameters.map((p) => `${p.name.getText()}: ${p.type?.getText() ?? ''}`)
  const what = JSON.stringify([file, name, params, node.type?.getText() ?? ''])
  return `
var told$${i} = explorer$.register(...${what})
${exported(node)}function ${name}(...args: any[]): any {
  return explorer$.sink.on ? explorer$.sink.call(told$${i}, ${name}$raw as any, args) : (${name}$raw as any)(...args)
}`
}

function notedTwin(node) {
  const name = node.name.text
  return `
${exported(node)}function ${name}(...args: any[]): any {
  ${TELLS_FIRST.test(name) ? `explorer$.notes.told('${name}', args, undefined)` : ''}
  const result = (${name}$raw as any)(...args)
  ${TELLS_FIRST.test(name) ? '' : `explorer$.notes.told('${name}', args, result)`}
  return result
}`
}
