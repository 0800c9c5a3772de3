/*
 * A worker dies at every point of a call at which another one can see a difference, and the others find the table as if the
 * call had not begun, or had ended.
 *
 * No worker is needed for it: what others see at a point is the words as they are there. They are kept, the call
 * ends as it will, and the words are put back.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLONE_NEWPID,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
  Kernel,
  KernelError,
  SIGKILL,
  type Task,
} from 'pidns/shared'
import * as L from '#internal/shared/mm/layout.js'
import { findWorker, markEnded } from '#internal/shared/mm/worker.js'
import { Task as InternalTask } from '#internal/shared/process.js'

/** The operations of shared memory that a call makes: after each of them it may be the last. */
const WRITES = ['store', 'add', 'or', 'and', 'compareExchange'] as const
type Operation = (words: Int32Array, ...args: number[]) => number

/** Calls `look` after every n-th operation, n from 1, as long as `run` runs. */
function watched(run: () => void, look: (n: number) => void): void {
  const real = WRITES.map((name) => [name, Atomics[name] as unknown as Operation] as const)
  const atomics = Atomics as unknown as Record<string, Operation>
  let n = 0
  for (const [name, operate] of real) {
    atomics[name] = (words, ...args) => {
      const result = operate(words, ...args)
      look(++n)
      return result
    }
  }
  try {
    run()
  } finally {
    for (const [name, operate] of real) atomics[name] = operate
  }
}

interface World {
  readonly kernel: Kernel
  readonly victim: Kernel
  readonly words: Int32Array
  /** A third worker: it may die while it takes over from the victim. */
  readonly second: Kernel
  /** Frees this thread of what keeps it alive for the one that is dead. */
  forget(): void
}

/** Some processes of one worker, and another one that sees them too: it is to die. */
function newWorld(): World {
  const kernel = Kernel.boot({
    pidMax: 40,
    maxPids: 30,
    maxNamespaces: 4,
    bitsPerPage: 32,
    pidMaxLimit: 128,
    reservedPids: 4,
    pidMaxMin: 5,
  })
  const shell = kernel.init.fork()
  shell.setsid()
  const box = shell.clone({ flags: CLONE_NEWPID })
  box.fork().fork()
  shell.clone({ flags: CLONE_THREAD | CLONE_SIGHAND | CLONE_VM })
  shell.fork().exit(7)
  shell.fork().setpgid(0, 0)
  const victim = Kernel.join(structuredClone(kernel.handle))
  const realm = InternalTask.realmOf(victim.init as never)
  const forget = (): void => {
    realm.stopWatching()
    realm.stopListening?.()
    kernel.dispose()
  }
  const second = Kernel.join(structuredClone(kernel.handle))
  return { kernel, victim, second, words: kernel.handle.words, forget }
}

/** What a kernel shows of every task. */
const shown = (kernel: Kernel): unknown[] =>
  kernel
    .tasks()
    .map((task) => [
      task.nspid,
      task.nstgid,
      task.nspgid,
      task.nssid,
      task.state,
      task.parent?.pid,
      task.exiting,
    ])

/** All words that may differ from 0: the table's, the workers' records, the journal as far as it goes. */
function copyOf(words: Int32Array): [from: number, copy: Int32Array][] {
  const behind = words[L.H_WORDS] as number
  const journal = behind + L.MAX_WORKERS * L.WORKER_WORDS
  const end = Math.max(journal, words[L.H_JOURNAL] as number)
  return [
    [0, words.slice(0, words[L.H_BRK])],
    [behind, words.slice(behind, end)],
  ]
}

type Act = (shell: Task, kernel: Kernel) => unknown
const shellOf = (kernel: Kernel): Task => kernel.tasks()[1] as Task

const ACTS: Record<string, Act> = {
  fork: (shell) => shell.fork(),
  'clone, a namespace': (shell) => shell.clone({ flags: CLONE_NEWPID }),
  'clone, a thread': (shell) => shell.clone({ flags: CLONE_THREAD | CLONE_SIGHAND | CLONE_VM }),
  'exit of the session’s leader': (shell) => shell.exit(3),
  'kill of a namespace’s init': (shell, kernel) => kernel.init.kill(shell.pid + 1, SIGKILL),
  'execve with another thread': (shell) => shell.execve('new'),
  waitpid: (shell) => shell.waitpidSync(),
  setsid: (_shell, kernel) => (kernel.tasks().at(-1) as Task).setsid(),
  pidfdOpen: (shell) => shell.pidfdOpen(shell.pid + 1),
  'a wait that goes on': (_shell, kernel) => void kernel.init.waitpid(2).catch(() => {}),
  'a fork that fails': (shell) => shell.clone({ setTid: [3] }),
}

function perform(act: Act, kernel: Kernel): void {
  try {
    act(shellOf(kernel), kernel)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
}

for (const [name, act] of Object.entries(ACTS)) {
  test(`a worker dies at any point of: ${name}`, () => {
    const rehearsal = newWorld()
    const before = shown(rehearsal.kernel)
    let points = 0
    watched(
      () => perform(act, rehearsal.victim),
      (n) => {
        points = n
      },
    )
    // What the call made dies with its maker.
    rehearsal.kernel.workerEnded(rehearsal.victim.worker)
    const after = shown(rehearsal.kernel)
    rehearsal.forget()
    let undone = 0
    for (let point = 1; point <= points; point++) {
      const { kernel, victim, second, words, forget } = newWorld()
      let atDeath: ReturnType<typeof copyOf> = []
      watched(
        () => perform(act, victim),
        (n) => {
          if (n === point) atDeath = copyOf(words)
        },
      )
      words.fill(0, 0, words[L.H_BRK])
      for (const [from, copy] of atDeath) words.set(copy, from)
      const holder = (words[L.H_TASKLIST_LOCK] as number) >> 1
      assert.ok(holder === 0 || holder === victim.worker)
      if (holder !== 0 && point % 2 === 1) {
        // Who took over had proof.
        assert.ok(markEnded(words, findWorker(words, victim.worker), victim.worker))
        words[L.H_TASKLIST_LOCK] = second.worker << 1
        kernel.workerEnded(second.worker)
      }
      kernel.workerEnded(victim.worker)
      const found = shown(kernel)
      if (JSON.stringify(found) === JSON.stringify(before)) undone += 1
      else assert.deepEqual(found, after, `at point ${point} of ${points}`)
      assert.deepEqual(kernel.check(), [], `at point ${point} of ${points}`)
      assert.deepEqual(
        [32, 48, 448, 464].map((lock) => words[lock]),
        [0, 0, 0, 0],
      )
      // The table goes on to work.
      perform(act, kernel)
      assert.deepEqual(kernel.check(), [], `after point ${point} of ${points}`)
      forget()
    }
    assert.ok(undone > 0 && points > 3, `${undone} of ${points}`)
  })
}
