/*
 * Listing the directories of procfs, at once and entry by entry while tasks come and go.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CLONE_NEWPID, CLONE_PTHREAD, Kernel, PID_MAX_LIMIT, type ProcDir, SIGKILL, type Task } from 'pidns'
import { failure } from './procfs_tools.ts'

/** Offset of number 0 in the root directory. */
const TGID_OFFSET = 258

function kill(init: Task, ...numbers: number[]): void {
  for (const nr of numbers) {
    init.kill(nr, SIGKILL)
    init.waitpidSync(nr)
  }
}

function names(dir: ProcDir): string[] {
  return [...dir].map((entry) => entry.name)
}

/** A kernel whose init has children with the numbers 2 to `last`. */
function children(last: number): Kernel {
  const kernel = Kernel.boot()
  for (let nr = 2; nr <= last; nr++) kernel.init.fork()
  return kernel
}

test('the root lists self, thread-self and the leaders of thread groups, rising, zombies too', () => {
  const kernel = Kernel.boot({ pidMax: 310 })
  const init = kernel.init
  const high = init.clone({ setTid: [300] })
  high.clone({ flags: CLONE_PTHREAD, setTid: [40] })
  init.clone({ setTid: [64] }).exit()
  init.clone({ setTid: [63] }).clone({ flags: CLONE_PTHREAD, setTid: [65] })
  const group = init.clone({ setTid: [100] })
  group.setpgid(0, 0)
  init.setpgid(high.pid, group.pid)
  kill(init, group.pid)
  const proc = kernel.procfs(init)
  assert.deepEqual(proc.readdirSync('/'), ['self', 'thread-self', '1', '63', '64', '300'])
  assert.deepEqual(kernel.check(), [])
})

test('entries tell their type and where they are', () => {
  const kernel = Kernel.boot()
  const proc = kernel.procfs(kernel.init)
  const all = [
    ...proc.readdirSync('/', { withFileTypes: true }),
    ...proc.readdirSync('/1/', { withFileTypes: true }),
  ]
  const shown = all.map((entry) => {
    const type = entry.isDirectory() ? 'd' : entry.isSymbolicLink() ? 'l' : entry.isFile() ? 'f' : '?'
    return `${entry.parentPath} ${entry.name} ${type}`
  })
  const expected = ['/ self l', '/ thread-self l', '/ 1 d', '/1/ task d', '/1/ ns d']
  for (const file of ['status', 'comm', 'cmdline', 'stat']) expected.push(`/1/ ${file} f`)
  assert.deepEqual(shown, expected)
  const others = all.flatMap((entry) => [
    entry.isSocket(),
    entry.isFIFO(),
    entry.isBlockDevice(),
    entry.isCharacterDevice(),
  ])
  assert.equal(others.includes(true), false)
  assert.deepEqual(kernel.check(), [])
})

test('a listing goes on behind entries that vanished, and shows what came ahead of it', () => {
  const kernel = children(9)
  const init = kernel.init
  const dir = kernel.procfs(init).opendirSync('/')
  const seen = [dir.readSync(), dir.readSync(), dir.readSync(), dir.readSync()].map((entry) => entry?.name)
  assert.deepEqual(seen, ['self', 'thread-self', '1', '2'])
  kill(init, 2, 3, 4, 9)
  assert.equal(dir.readSync()?.name, '5')
  kill(init, 5)
  init.clone({ setTid: [3] })
  init.clone({ setTid: [20] })
  assert.deepEqual(names(dir), ['6', '7', '8', '20'])
  assert.equal(dir.readSync(), null)
  assert.deepEqual(kernel.check(), [])
})

test('the offset of a process is its number and 258, and any offset can be gone back to', () => {
  const kernel = children(4)
  const dir = kernel.procfs(kernel.init).opendirSync('/')
  const offsets: [number, string | undefined][] = []
  do offsets.push([dir.tell(), dir.readSync()?.name])
  while (offsets.at(-1)?.[1] !== undefined)
  const processes = [1, 2, 3, 4].map((nr): [number, string] => [TGID_OFFSET + nr, String(nr)])
  processes[0] = [TGID_OFFSET, '1']
  assert.deepEqual(offsets, [[0, 'self'], [257, 'thread-self'], ...processes, [TGID_OFFSET + 5, undefined]])
  assert.equal(dir.tell(), PID_MAX_LIMIT + TGID_OFFSET)
  kill(kernel.init, 3)
  const cases: [number, string | undefined][] = [
    [256, 'self'],
    [257, 'thread-self'],
    [TGID_OFFSET + 2, '2'],
    [TGID_OFFSET + 3, '4'],
    [TGID_OFFSET + 5, undefined],
    [TGID_OFFSET + PID_MAX_LIMIT - 1, undefined],
    [TGID_OFFSET + PID_MAX_LIMIT, undefined],
    [Number.MAX_SAFE_INTEGER, undefined],
    [0, 'self'],
  ]
  for (const [offset, name] of cases) {
    dir.seek(offset)
    assert.equal(dir.readSync()?.name, name, String(offset))
  }
  assert.equal(
    failure(() => dir.seek(-1)),
    'EINVAL lseek /',
  )
  assert.throws(() => dir.seek(1.5), RangeError)
  assert.throws(() => dir.seek('1' as never), TypeError)
  assert.deepEqual(kernel.check(), [])
})

test('a task directory lists threads as they came, and goes on by the next thread or else by place', () => {
  const kernel = Kernel.boot()
  const init = kernel.init
  const process = init.clone({ setTid: [10] })
  const threads = [30, 20, 40, 50, 15].map((nr) => process.clone({ flags: CLONE_PTHREAD, setTid: [nr] }))
  const proc = kernel.procfs(init)
  assert.deepEqual(proc.readdirSync('/20/task'), ['10', '30', '20', '40', '50', '15'])
  const exit = (nr: number): void =>
    threads.find((thread) => thread.tid === nr && thread.state !== 'X')?.exitThread()
  const dir = proc.opendirSync('/10/task')
  assert.deepEqual([dir.tell(), dir.readSync()?.name, dir.readSync()?.name, dir.tell()], [0, '10', '30', 4])
  exit(30)
  // The thread that comes next is there: nothing is passed over, though the places have moved.
  assert.equal(dir.readSync()?.name, '20')
  exit(20)
  exit(40)
  // That one is gone: place 3 of those that are left. The real kernel passes over the same ones.
  assert.deepEqual(names(dir), [])
  dir.seek(0)
  assert.deepEqual(names(dir), ['10', '50', '15'])
  dir.seek(3)
  assert.deepEqual(names(dir), ['50', '15'])
  assert.deepEqual(kernel.check(), [])
})

test('the directory of a reaped task has no more entries, whoever has the number then', async () => {
  for (const below of ['', '/task', '/ns']) {
    const kernel = children(2)
    const init = kernel.init
    const dir = kernel.procfs(init).opendirSync(`/2${below}`)
    init.kill(2, SIGKILL)
    assert.notEqual(dir.readSync(), null, below)
    init.waitpidSync(2)
    assert.equal(dir.readSync(), null)
    await Promise.resolve()
    init.clone({ setTid: [2] })
    dir.seek(0)
    assert.equal(dir.readSync(), null)
    assert.deepEqual(kernel.check(), [])
  }
})

test('a directory that was closed, or whose kernel is disposed, cannot be read', () => {
  const kernel = children(2)
  const proc = kernel.procfs(kernel.init)
  const open = proc.opendirSync('/1')
  const dir = proc.opendirSync('/1')
  dir.closeSync()
  dir.closeSync()
  assert.equal(
    failure(() => dir.readSync()),
    'EBADF scandir /1',
  )
  assert.equal(
    failure(() => dir.tell()),
    'EBADF lseek /1',
  )
  {
    using scoped = proc.opendirSync('/')
    assert.deepEqual([scoped.path, names(scoped)], ['/', ['self', 'thread-self', '1', '2']])
  }
  kernel.dispose()
  assert.equal(
    failure(() => open.readSync()),
    'EBADF scandir /1',
  )
  assert.equal(
    failure(() => proc.opendirSync('/')),
    'ESRCH opendir /',
  )
})

test('what is no directory cannot be opened as one', () => {
  const kernel = children(2)
  const proc = kernel.procfs(kernel.init)
  assert.equal(
    failure(() => proc.opendirSync('/1/stat')),
    'ENOTDIR opendir /1/stat',
  )
  assert.equal(
    failure(() => proc.opendirSync('/1/ns/pid')),
    'ENOTDIR opendir /1/ns/pid',
  )
  assert.equal(
    failure(() => proc.opendirSync('/3')),
    'ENOENT opendir /3',
  )
})

const STEPS = ['fork', 'fork', 'read', 'read', 'read', 'fork at', 'thread', 'exit', 'reap', 'seek'] as const
const STEP = fc.record({ does: fc.constantFrom(...STEPS), nr: fc.integer({ min: 2, max: 199 }) })

/** A namespace and, beside it, the numbers of its processes: the smallest thing that can say what must be listed. */
class Listed {
  readonly kernel = Kernel.boot({ bitsPerPage: 32, pidMaxLimit: 200, reservedPids: 2, pidMaxMin: 10 })
  readonly init = this.kernel.init.clone({ flags: CLONE_NEWPID })
  readonly proc = this.kernel.procfs(this.init)
  readonly dir: ProcDir = this.proc.opendirSync('/')
  readonly processes = new Map<number, Task>([[1, this.init]])
  /** Where the listing is: numbers below have been passed. */
  from = 0

  step(does: (typeof STEPS)[number], nr: number): void {
    if (does === 'fork') this.made(this.init.fork())
    else if (does === 'read') this.read()
    else if (does === 'seek') this.seek(nr)
    else if (does === 'fork at') this.attempt(() => this.made(this.init.clone({ setTid: [nr] })))
    else if (does === 'thread') this.attempt(() => this.any(nr).clone({ flags: CLONE_PTHREAD }))
    else if (does === 'exit') this.attempt(() => this.any(nr).exit())
    else this.attempt(() => this.processes.delete(this.init.waitpidSync(this.any(nr).pid)?.pid ?? 0))
  }

  seek(nr: number): void {
    this.dir.seek(TGID_OFFSET + nr)
    this.from = nr
  }

  private made(task: Task): void {
    this.processes.set(task.pid, task)
  }

  /** Some process, but not the init, which has to go on. */
  private any(nr: number): Task {
    const others = [...this.processes.values()].slice(1)
    return others[nr % others.length] ?? this.init.fork()
  }

  /** Some steps cannot be taken: a number that is taken, a child that lives. */
  private attempt(run: () => void): void {
    const error = failure(run)
    assert.match(error, /^(no error|EEXIST|EDEADLK|ESRCH|EAGAIN)/)
    for (const task of this.kernel.tasks()) if (task.leader === task && task.level === 1) this.made(task)
  }

  private read(): void {
    const expected = [...this.processes.keys()].filter((nr) => nr >= this.from).sort((a, b) => a - b)[0]
    assert.equal(this.dir.readSync()?.name, expected === undefined ? undefined : String(expected))
    this.from = expected === undefined ? Number.POSITIVE_INFINITY : expected + 1
  }
}

test('whatever comes and goes, the next entry is the lowest number not passed yet', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 20, maxLength: 120 }), (steps) => {
      const listed = new Listed()
      listed.seek(0)
      for (const { does, nr } of steps) listed.step(does, nr)
      const all = [...listed.processes.keys()].sort((a, b) => a - b)
      assert.deepEqual(listed.proc.readdirSync('/').slice(2), all.map(String))
      assert.deepEqual(listed.kernel.check(), [])
    }),
    { numRuns: 200 },
  )
})

test('ten thousand processes spread over four million numbers are all listed', () => {
  const kernel = Kernel.boot({ pidMax: PID_MAX_LIMIT })
  const expected = [1]
  for (let i = 0; i < 10_000; i++) expected.push(kernel.init.clone({ setTid: [400 + 419 * i] }).pid)
  assert.deepEqual(kernel.procfs(kernel.init).readdirSync('/').slice(2).map(Number), expected)
  assert.deepEqual(kernel.check(), [])
})
