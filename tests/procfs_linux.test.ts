/*
 * procfs of a scene of processes, answer by answer against what the real one showed of the same scene
 * (data/procfs/record.c says how that was recorded).
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  Kernel,
  type KernelError,
  type Pidfd,
  SIG_BLOCK,
  SIGCHLD,
  SIGHUP,
  SIGKILL,
  SIGRTMAX,
  SIGRTMIN,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
  type Task,
  WUNTRACED,
} from 'pidns'

interface Answer {
  readonly op: 'read' | 'readlink' | 'readdir' | 'stat' | 'fdinfo'
  readonly at: string
  readonly by: number
  readonly is?: string | number | string[]
  readonly error?: string
}

const DATA = new URL('../../tests/data/procfs/linux-6.18.jsonl', import.meta.url)
const ANSWERS = readFileSync(DATA, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Answer)

/** The recorder's processes, made in the same order and so with the same numbers. */
class Scene {
  readonly kernel = Kernel.boot()
  readonly a = this.kernel.init.clone({ flags: CLONE_NEWPID })
  readonly b: Task
  readonly pidfds = new Map<string, Pidfd>()

  constructor() {
    const a = this.a
    a.comm = 'scene'
    a.setsid()
    this.pidfd(this.start('sleeper'))
    this.session()
    const stopped = this.start('a\nb\\c\td e)')
    a.kill(stopped.pid, SIGSTOP)
    a.kill(stopped.pid, SIGTERM)
    a.tgkill(stopped.pid, stopped.pid, SIGUSR2)
    a.kill(stopped.pid, 34)
    const zombie = this.start('zombie')
    this.pidfd(zombie)
    zombie.exit(3)
    a.kill(this.start('killed').pid, SIGKILL)
    this.threads()
    this.groups()
    const waited = this.start('waited stop')
    a.kill(waited.pid, SIGSTOP)
    a.waitpidSync(waited.pid, WUNTRACED)
    this.start('unshares').unshare(CLONE_NEWPID)
    this.b = this.start('b init', a, CLONE_NEWPID)
    this.pidfd(this.b)
    this.start('b session', this.b).setsid()
    this.start('c init', this.b, CLONE_NEWPID)
    this.b.sysctl('kernel.pid_max', 500)
  }

  /** Who reads: 0 stands for somebody outside. */
  reader(by: number): Task {
    return [this.kernel.init, this.a, this.b][[0, 1, 19].indexOf(by)] as Task
  }

  private start(comm: string, parent = this.a, flags = 0): Task {
    const task = parent.clone({ flags })
    task.comm = comm
    return task
  }

  private pidfd(task: Task): void {
    const nr = this.a.pidOf(task)
    this.pidfds.set(String(nr), this.a.pidfdOpen(nr))
  }

  private session(): void {
    const task = this.start('session')
    task.setsid()
    task.sigaction(SIGUSR1, { handler: 'ign' })
    task.sigaction(SIGCHLD, { handler: 'ign' })
    task.sigaction(SIGHUP, { handler: () => {} })
    task.sigprocmask(SIG_BLOCK, [SIGTERM, SIGRTMAX])
    this.a.kill(task.pid, SIGTERM)
  }

  private worker(process: Task): Task {
    // The C library's threads keep a signal for themselves.
    process.sigaction(SIGRTMIN + 1, { handler: () => {} })
    const thread = process.clone({ flags: CLONE_PTHREAD })
    thread.comm = 'worker'
    return thread
  }

  private threads(): void {
    const threads = this.start('threads')
    this.worker(threads)
    this.start('of a thread', this.worker(threads))
    const dead = this.start('dead leader')
    this.worker(dead)
    dead.exitThread(5)
    const gone = this.start('dead group')
    const last = this.worker(gone)
    gone.exitThread(5)
    last.exitThread(7)
  }

  /** Number 15 is left as that of a group alone. */
  private groups(): void {
    const leader = this.start('group')
    leader.setpgid(0, 0)
    const member = this.start('member')
    this.pidfd(leader)
    this.a.setpgid(member.pid, leader.pid)
    this.a.kill(leader.pid, SIGKILL)
    this.a.waitpidSync(leader.pid)
  }
}

/** What the library answers. */
function ask(scene: Scene, { op, at, by }: Answer): unknown {
  const mounter = at.startsWith('a') ? scene.a : scene.b
  if (op === 'fdinfo') return scene.pidfds.get(at.split(' ').at(-1) as string)?.fdinfo(mounter)
  const proc = scene.kernel.procfs(mounter, { reader: scene.reader(by) })
  const path = at.slice(1) || '/'
  if (op === 'read') return proc.readFileSync(path, 'utf8')
  if (op === 'readlink') return proc.readlinkSync(path)
  if (op === 'readdir') return proc.readdirSync(path)
  return proc.statSync(path).mode >> 12
}

const STATUS =
  'Name State Tgid Ngid Pid PPid TracerPid NStgid NSpid NSpgid NSsid Threads SigPnd ShdPnd SigBlk SigIgn SigCgt'
const STATUS_KEYS = new Set(STATUS.split(' '))
const ROOT_ENTRIES = new Set(['self', 'thread-self'])
const ENTRIES = new Set('task ns status comm cmdline stat children'.split(' '))
/** Of the fields of stat, counted from 1, those that the library fills in. */
const STAT_FIELDS = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 31, 32, 33, 34, 38, 52])
const FLAGS = 0x4 | 0x40
const FLAGS_FIELD = 9

function statFields(text: string): string[] {
  const end = text.lastIndexOf(')')
  const open = text.indexOf('(')
  return [text.slice(0, open - 1), text.slice(open, end + 1), ...text.slice(end + 2, -1).split(' ')]
}

/** What of a real answer is modelled, in the real order. */
function modelled(answer: Answer, inodes: Map<string, string>): unknown {
  const { op, at, is } = answer
  const file = at.split('/').at(-1)
  if (op === 'readdir') {
    const entries = at.includes('/') ? ENTRIES : ROOT_ENTRIES
    return (is as string[]).filter((name) => entries.has(name) || /^\d+$/.test(name))
  }
  if (op === 'readlink') return inodes.get(is as string) ?? is
  if (op !== 'read') return is
  const text = is as string
  if (file === 'status') {
    const lines = text.split('\n').filter((line) => STATUS_KEYS.has(line.split(':')[0] as string))
    return `${lines.join('\n')}\n`
  }
  if (file === 'stat') {
    return statFields(text).map((field, i) => {
      if (i + 1 === FLAGS_FIELD) return String(Number(field) & FLAGS)
      return STAT_FIELDS.has(i + 1) ? field : '0'
    })
  }
  return text
}

function compare(scene: Scene, answer: Answer, inodes: Map<string, string>): void {
  const where = `${answer.op} ${answer.at} by ${answer.by}`
  if (answer.error !== undefined) {
    assert.throws(
      () => ask(scene, answer),
      (error: KernelError) => error.code === answer.error,
      where,
    )
    return
  }
  const actual = ask(scene, answer)
  if (answer.at.endsWith('/cmdline')) {
    // The recorder's arguments are not the scene's names: what must agree is who has any.
    const comm = ask(scene, { ...answer, at: answer.at.replace('cmdline', 'comm') }) as string
    assert.equal(actual, answer.is === '' ? '' : comm.replace(/\n$/, '\0'), where)
    return
  }
  // Namespaces have other inodes: each of the real ones must stand for one of ours.
  if (answer.at.includes('/ns/') && answer.op === 'readlink' && !inodes.has(answer.is as string)) {
    assert.equal([...inodes.values()].includes(actual as string), false, where)
    inodes.set(answer.is as string, actual as string)
  }
  const shown = answer.op === 'read' && answer.at.endsWith('/stat') ? statFields(actual as string) : actual
  assert.deepEqual(shown, modelled(answer, inodes), where)
}

test('procfs answers as the real one, file by file', () => {
  const scene = new Scene()
  const inodes = new Map<string, string>()
  /** The last three were given after the end of both namespaces. */
  const end = ANSWERS.length - 3
  for (const answer of ANSWERS.slice(0, end)) compare(scene, answer, inodes)
  assert.equal(inodes.size, 3)
  assert.deepEqual(scene.kernel.check(), [])
  const nr = scene.kernel.init.pidOf(scene.a)
  const proc = [scene.kernel.procfs(scene.a), scene.kernel.procfs(scene.b)] as const
  scene.kernel.init.kill(nr, SIGKILL)
  scene.kernel.init.waitpidSync(nr)
  for (const { at, is, error } of ANSWERS.slice(end)) {
    const mount = at.startsWith('a') ? proc[0] : proc[1]
    if (error !== undefined) assert.equal(mount.existsSync(at.slice(1)), false)
    else
      assert.deepEqual(
        mount.readdirSync('/'),
        modelled({ op: 'readdir', at, by: 0, is: is as string[] }, inodes),
      )
  }
  for (const pidfd of scene.pidfds.values()) pidfd.close()
  assert.deepEqual(scene.kernel.check(), [])
})

test('the recording has every kind of answer', () => {
  assert.equal(ANSWERS.length, 309)
  for (const op of ['read', 'readlink', 'readdir', 'stat', 'fdinfo']) {
    assert.ok(
      ANSWERS.some((answer) => answer.op === op && answer.is !== undefined),
      op,
    )
  }
})
