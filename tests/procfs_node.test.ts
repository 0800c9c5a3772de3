/*
 * procfs has the functions of node:fs: what they take, give and throw.
 */
import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Kernel, type KernelError } from 'pidns'
import { failure, family } from './procfs_tools.ts'

test('a file is bytes, or text where UTF-8 is asked for', async () => {
  const { kernel, init, process } = family()
  process.comm = 'caf\u00e9 \u20ac\u20ac\u20ac\u20ac'
  const proc = kernel.procfs(init)
  const bytes = proc.readFileSync('/2/comm')
  assert.ok(bytes instanceof Uint8Array)
  // Fifteen bytes of the name and a line feed: the last character of three bytes is cut.
  assert.deepEqual([...bytes], [...Buffer.from('caf\u00e9 \u20ac\u20ac\u20ac'), 0xa])
  process.comm = 'caf\u00e9e \u20ac\u20ac\u20ac'
  assert.deepEqual(
    [...proc.readFileSync('/2/comm', null)],
    [...Buffer.from('caf\u00e9e \u20ac\u20ac'), 0xe2, 0x82, 0xa],
  )
  const text = 'caf\u00e9e \u20ac\u20ac\ufffd\n'
  assert.equal(proc.readFileSync('/2/comm', 'utf8'), text)
  assert.equal(proc.readFileSync('/2/comm', { encoding: 'utf-8' }), text)
  assert.equal(await proc.promises.readFile('/2/comm', 'utf8'), text)
  assert.ok((await proc.promises.readFile('/2/comm', { encoding: null })) instanceof Uint8Array)
  assert.deepEqual(kernel.check(), [])
})

test('attributes: type, permissions, links, and an inode for each file', () => {
  const { kernel, init } = family()
  const proc = kernel.procfs(init)
  const stats = proc.statSync('/2/stat')
  assert.deepEqual([stats.mode, stats.size, stats.nlink, stats.isFile()], [0o100444, 0, 1, true])
  assert.deepEqual([proc.statSync('/').mode, proc.lstatSync('/self').mode], [0o40555, 0o120777])
  const links = ['/', '/2', '/2/task', '/2/task/3', '/2/ns', '/sys', '/sys/kernel'].map(
    (p) => proc.statSync(p).nlink,
  )
  assert.deepEqual(links, [7, 4, 4, 3, 2, 3, 2])
  const inodes = new Map<number, string>()
  const visit = (path: string): void => {
    const { ino } = proc.lstatSync(path)
    assert.equal(inodes.get(ino), undefined, `${path} has the inode of ${inodes.get(ino)}`)
    inodes.set(ino, path)
    if (!proc.lstatSync(path).isDirectory()) return
    for (const name of proc.readdirSync(path)) visit(`${path === '/' ? '' : path}/${name}`)
  }
  visit('/')
  visit('/sys')
  assert.ok(inodes.size > 60)
  assert.deepEqual(kernel.check(), [])
})

test('paths are walked as Linux walks them', () => {
  const { kernel, init, thread } = family()
  const proc = kernel.procfs(thread)
  const same = [
    '/2/ns',
    '2/ns',
    '//2///ns/',
    '/./2/./ns/.',
    '/self/ns',
    '/self/../2/ns',
    '/../../2/task/../ns',
  ]
  for (const path of same) assert.equal(proc.statSync(path).ino, proc.statSync('/2/ns').ino, path)
  assert.equal(proc.statSync('/thread-self/..').ino, proc.statSync('/2/task').ino)
  assert.equal(proc.lstatSync('/self/').isDirectory(), true)
  assert.equal(
    failure(() => proc.readlinkSync('/self/')),
    'EINVAL readlink /self/',
  )
  assert.equal(
    failure(() => proc.statSync('')),
    'ENOENT stat ',
  )
  for (const path of ['/2/stat/', '/2/stat/.', '/2/stat/..', '/2/stat/x', '/2/ns/pid/', '/2/ns/pid/..']) {
    assert.equal(
      failure(() => proc.statSync(path)),
      `ENOTDIR stat ${path}`,
    )
  }
  assert.equal(init.pid, 1)
  assert.deepEqual(kernel.check(), [])
})

test('errors look like those of node:fs', async () => {
  const kernel = Kernel.boot()
  const proc = kernel.procfs(kernel.init)
  const root = mkdtempSync(join(tmpdir(), 'procfs-'))
  mkdirSync(join(root, '1'))
  writeFileSync(join(root, '1/stat'), '')
  const node: Record<string, (path: string) => unknown> = {
    lstatSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    statSync,
  }
  const ours = proc as unknown as typeof node
  const calls: [name: string, path: string][] = [
    ['readdirSync', '/no'],
    ['readdirSync', '/1/stat'],
    ['readdirSync', '/1/stat/x'],
    ['readFileSync', '/no'],
    ['readFileSync', '/1/stat/x'],
    ['readFileSync', '/1'],
    ['statSync', '/1/no'],
    ['lstatSync', '/1/no'],
    ['readlinkSync', '/no'],
    ['readlinkSync', '/1/stat'],
  ]
  try {
    for (const [name, path] of calls) {
      const theirs = failure(() => node[name]?.(root + path)).replace(root, '')
      assert.equal(
        failure(() => ours[name]?.(path)),
        theirs,
        `${name} ${path}`,
      )
    }
  } finally {
    rmSync(root, { recursive: true })
  }
  const gone = await proc.promises.readdir('/no').catch((error: KernelError) => error)
  assert.ok(gone instanceof Error)
  assert.equal(gone.message, "ENOENT: no such file or directory, scandir '/no'")
  assert.deepEqual(kernel.check(), [])
})

test('an error about no path has no such property', () => {
  const { init } = Kernel.boot()
  assert.throws(
    () => init.kill(99, 0),
    (error: KernelError) => !('path' in error) && error.message === 'ESRCH: no such process, kill',
  )
})

test('throwIfNoEntry: false answers undefined for what is not there, and for nothing else', () => {
  const { kernel, init } = family()
  const proc = kernel.procfs(init)
  const options = { throwIfNoEntry: false }
  assert.equal(proc.statSync('/99', options), undefined)
  assert.equal(proc.lstatSync('/1/no', options), undefined)
  assert.equal(
    failure(() => proc.statSync('/1/stat/x', options)),
    'ENOTDIR stat /1/stat/x',
  )
  assert.deepEqual(kernel.check(), [])
})

test('the promises give what the functions give, and reject with what those throw', async () => {
  const { kernel, init } = family()
  const proc = kernel.procfs(init)
  const { readdir, readFile, stat, lstat, readlink } = proc.promises
  assert.deepEqual(await readdir('/'), proc.readdirSync('/'))
  assert.deepEqual(
    (await readdir('/2', { withFileTypes: true })).map(String),
    proc.readdirSync('/2').map(() => '[object Object]'),
  )
  assert.deepEqual(await readFile('/2/stat'), proc.readFileSync('/2/stat'))
  assert.deepEqual(await stat('/self'), proc.statSync('/self'))
  assert.deepEqual(await lstat('/self'), proc.lstatSync('/self'))
  assert.equal(await readlink('/self'), '1')
  await assert.rejects(readlink('/1'), { code: 'EINVAL', syscall: 'readlink', path: '/1' })
  await assert.rejects(stat('/9'), { code: 'ENOENT', syscall: 'stat', path: '/9' })
  assert.deepEqual(kernel.check(), [])
})

test('arguments of another kind are TypeErrors', () => {
  const { kernel, init } = family()
  const proc = kernel.procfs(init)
  const wrong = (value: unknown): never => value as never
  assert.throws(() => proc.readdirSync(wrong(4)), {
    name: 'TypeError',
    message: '"path" expected a string, got number',
  })
  assert.throws(() => proc.readFileSync('/1/comm', wrong('latin1')), TypeError)
  assert.throws(() => proc.readdirSync('/', wrong({ encoding: 'buffer' })), TypeError)
  assert.throws(() => proc.readlinkSync('/self', wrong(1)), TypeError)
  assert.throws(() => kernel.procfs(wrong(undefined)), { message: '"viewer" expected a Task, got undefined' })
  assert.throws(() => kernel.procfs(init, { reader: wrong('init') }), TypeError)
  assert.throws(() => kernel.procfs(init, wrong(null)), { message: '"options" expected an object, got null' })
  assert.equal(proc.existsSync(wrong(4)), false)
})

test('of a kernel that was disposed nothing can be read', () => {
  const { kernel, init } = family()
  const proc = kernel.procfs(init)
  kernel.dispose()
  assert.equal(
    failure(() => proc.readdirSync('/')),
    'ESRCH scandir /',
  )
  assert.equal(
    failure(() => proc.statSync('/', { throwIfNoEntry: false })),
    'ESRCH stat /',
  )
  assert.equal(proc.existsSync('/'), false)
  assert.equal(
    failure(() => kernel.procfs(init)),
    'ESRCH mount undefined',
  )
})

test('a name cut anywhere is read as a text decoder reads its bytes', () => {
  const kernel = Kernel.boot()
  const proc = kernel.procfs(kernel.init)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 16 }), (name) => {
      kernel.init.comm = name.replaceAll('\0', '')
      const bytes = proc.readFileSync('/1/comm')
      assert.equal(
        proc.readFileSync('/1/comm', 'utf8'),
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
      )
      assert.equal(`${kernel.init.comm}\n`, proc.readFileSync('/1/comm', 'utf8'))
    }),
  )
})
