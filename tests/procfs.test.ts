/*
 * procfs: which files there are, for whom, and what they say.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLONE_NEWPID, CLONE_PTHREAD, Kernel, SIGKILL } from 'pidns'
import { failure, family, lastField, line } from './procfs_tools.ts'

test('self and thread-self are the viewer, or the reader that was named', () => {
  const { kernel, init, thread, box, inside } = family()
  const own = kernel.procfs(thread)
  assert.deepEqual([own.readlinkSync('/self'), own.readlinkSync('/thread-self')], ['2', '2/task/3'])
  assert.equal(line(own, '/self/status', 'Pid'), '2')
  assert.equal(line(own, '/thread-self/status', 'Pid'), '3')
  const seen = kernel.procfs(init, { reader: inside })
  assert.deepEqual([seen.readlinkSync('/self'), seen.readlinkSync('/thread-self')], ['5', '5/task/5'])
  const below = kernel.procfs(box, { reader: inside })
  assert.deepEqual([below.readlinkSync('/self'), below.readdirSync('/self/task')], ['2', ['2']])
  assert.deepEqual(kernel.check(), [])
})

test('self leads nowhere for a reader without a number in the namespace, though it is there', () => {
  const { kernel, init, box } = family()
  const proc = kernel.procfs(box, { reader: init })
  assert.equal(
    failure(() => proc.readlinkSync('/self')),
    'ENOENT readlink /self',
  )
  assert.equal(
    failure(() => proc.readlinkSync('/thread-self')),
    'ENOENT readlink /thread-self',
  )
  assert.equal(
    failure(() => proc.statSync('/self')),
    'ENOENT stat /self',
  )
  assert.equal(
    failure(() => proc.readFileSync('/thread-self/comm')),
    'ENOENT open /thread-self/comm',
  )
  assert.equal(proc.existsSync('/self'), false)
  assert.equal(proc.lstatSync('/self').isSymbolicLink(), true)
  assert.deepEqual(proc.readdirSync('/'), ['self', 'thread-self', '1', '2'])
  assert.deepEqual(kernel.check(), [])
})

test('a reader that is gone has no self and no sysctl, and its mount goes on', () => {
  const { kernel, init, process } = family()
  const proc = kernel.procfs(process)
  init.kill(2, SIGKILL)
  assert.equal(proc.readlinkSync('/self'), '2')
  init.waitpidSync(2)
  init.sysctl('kernel.ns_last_pid', 1)
  assert.equal(init.fork().pid, 2)
  assert.equal(
    failure(() => proc.readlinkSync('/self')),
    'ENOENT readlink /self',
  )
  assert.equal(
    failure(() => proc.readFileSync('/sys/kernel/pid_max')),
    'ESRCH read undefined',
  )
  assert.deepEqual(proc.readdirSync('/'), ['self', 'thread-self', '1', '2', '4', '5'])
  assert.deepEqual(kernel.check(), [])
})

test('only the canonical decimal of a task that has the number finds it', () => {
  const { kernel, init } = family()
  const proc = kernel.procfs(init)
  for (const name of ['1', '2', '3', '4', '5'])
    assert.equal(proc.statSync(`/${name}`).isDirectory(), true, name)
  const others = '0 02 +2 -2 0x2 2x 2.0 2e0 6 4194304 2147483650 4294967298 18446744073709551618 status'
  for (const name of [...others.split(' '), ' 2', '2 ', '２']) {
    assert.equal(
      failure(() => proc.statSync(`/${name}`)),
      `ENOENT stat /${name}`,
    )
    assert.equal(proc.existsSync(`/2/task/${name}`), false, name)
  }
  assert.deepEqual(kernel.check(), [])
})

test('a thread is found by its own number, and in the task directory of its own group only', () => {
  const { kernel, init, thread } = family()
  thread.comm = 'second'
  const proc = kernel.procfs(init)
  assert.deepEqual([line(proc, '/3/status', 'Pid'), line(proc, '/3/status', 'Tgid')], ['3', '2'])
  assert.deepEqual(
    [proc.readdirSync('/2/task'), proc.readdirSync('/3/task')],
    [
      ['2', '3'],
      ['2', '3'],
    ],
  )
  assert.equal(proc.readFileSync('/2/task/3/comm', 'utf8'), 'second\n')
  assert.equal(proc.existsSync('/3/task/2/children'), true)
  for (const path of ['/2/task/1', '/1/task/3', '/4/task/5', '/2/task/3/task', '/2/children']) {
    assert.equal(
      failure(() => proc.lstatSync(path)),
      `ENOENT lstat ${path}`,
    )
  }
  assert.deepEqual(kernel.check(), [])
})

test('a number that is only a group is no file', () => {
  const { kernel, init, process, thread } = family()
  const leader = init.fork()
  leader.setpgid(0, 0)
  init.setpgid(process.pid, leader.pid)
  init.kill(leader.pid, SIGKILL)
  init.waitpidSync(leader.pid)
  const proc = kernel.procfs(init)
  assert.equal(proc.existsSync('/6'), false)
  assert.equal(line(proc, `/${thread.tid}/status`, 'NSpgid'), '6')
  assert.deepEqual(kernel.check(), [])
})

test('a zombie has its files until it is reaped, without arguments', () => {
  const { kernel, init, process } = family()
  process.comm = 'worker'
  const proc = kernel.procfs(init)
  assert.equal(proc.readFileSync('/2/cmdline', 'utf8'), 'worker\0')
  process.exit(3)
  assert.equal(line(proc, '/2/status', 'State'), 'Z (zombie)')
  assert.deepEqual(
    [proc.readFileSync('/2/cmdline', 'utf8'), proc.readFileSync('/2/comm', 'utf8')],
    ['', 'worker\n'],
  )
  assert.deepEqual([proc.readdirSync('/2/task'), lastField(proc, '/2/stat')], [['2'], 3 << 8])
  assert.equal(proc.existsSync('/2/ns/pid'), true)
  assert.equal(proc.existsSync('/2/ns/pid_for_children'), false)
  init.waitpidSync(2)
  assert.equal(
    failure(() => proc.readFileSync('/2/status')),
    'ENOENT open /2/status',
  )
  assert.deepEqual(kernel.check(), [])
})

test('the init of a namespace that is not empty yet is asleep, without arguments', () => {
  const { kernel, init } = family()
  const outer = init.fork()
  outer.unshare(CLONE_NEWPID)
  const box = outer.fork()
  const injected = outer.fork()
  outer.kill(outer.pidOf(box), SIGKILL)
  const proc = kernel.procfs(init)
  const nr = init.pidOf(box)
  assert.deepEqual([box.exiting, line(proc, `/${nr}/status`, 'State')], [true, 'S (sleeping)'])
  assert.equal(proc.readFileSync(`/${nr}/cmdline`, 'utf8'), '')
  assert.equal(lastField(proc, `/${nr}/task/${nr}/stat`), SIGKILL)
  outer.waitpidSync(outer.pidOf(injected))
  assert.equal(line(proc, `/${nr}/status`, 'State'), 'Z (zombie)')
  assert.deepEqual(kernel.check(), [])
})

test('the links under ns name the namespace of the task and that of its children', () => {
  const { kernel, init, process, box } = family()
  const proc = kernel.procfs(init)
  assert.deepEqual(proc.readdirSync('/4/ns'), ['pid', 'pid_for_children'])
  assert.equal(proc.readlinkSync('/1/ns/pid'), 'pid:[4026531836]')
  assert.equal(proc.readlinkSync('/4/ns/pid'), proc.readlinkSync('/5/ns/pid_for_children'))
  const init2 = init.fork()
  init2.unshare(CLONE_NEWPID)
  const path = `/${init2.pid}/ns/pid_for_children`
  assert.equal(
    failure(() => proc.readlinkSync(path)),
    `ENOENT readlink ${path}`,
  )
  assert.equal(
    failure(() => proc.statSync(path)),
    `ENOENT stat ${path}`,
  )
  const child = init2.fork()
  const link = proc.readlinkSync(path)
  assert.equal(link, kernel.procfs(child).readlinkSync('/1/ns/pid'))
  assert.equal(new Set([link, proc.readlinkSync('/1/ns/pid'), proc.readlinkSync('/4/ns/pid')]).size, 3)
  const target = proc.statSync(path)
  assert.deepEqual([`pid:[${target.ino}]`, target.isFile(), target.nlink], [link, true, 1])
  assert.equal(proc.lstatSync(path).isSymbolicLink(), true)
  assert.equal(
    failure(() => proc.readFileSync(path)),
    'EINVAL read undefined',
  )
  assert.ok(process.pid && box.pid)
  assert.deepEqual(kernel.check(), [])
})

test('the sysctls are those of the reader, whatever is mounted', () => {
  const { kernel, init, box } = family()
  box.sysctl('kernel.pid_max', 400)
  const own = kernel.procfs(box)
  const seen = kernel.procfs(box, { reader: init })
  assert.equal(own.readFileSync('/sys/kernel/pid_max', 'utf8'), '400\n')
  assert.equal(seen.readFileSync('/sys/kernel/pid_max', 'utf8'), '32768\n')
  assert.equal(own.readFileSync('/sys/kernel/ns_last_pid', 'utf8'), '2\n')
  assert.equal(seen.readFileSync('/sys/kernel/ns_last_pid', 'utf8'), '5\n')
  assert.deepEqual(own.readdirSync('/sys/kernel'), ['ns_last_pid', 'pid_max'])
  assert.deepEqual(kernel.check(), [])
})

test('children lists those of one thread, zombies included, in order of arrival', () => {
  const { kernel, init, thread, box } = family()
  const first = thread.fork()
  const second = thread.fork()
  first.exit()
  const proc = kernel.procfs(init)
  assert.equal(proc.readFileSync('/2/task/3/children', 'utf8'), `${first.pid} ${second.pid} `)
  assert.equal(proc.readFileSync('/2/task/2/children', 'utf8'), '')
  assert.equal(proc.readFileSync('/4/task/4/children', 'utf8'), '5 ')
  assert.equal(kernel.procfs(box).readFileSync('/1/task/1/children', 'utf8'), '2 ')
  assert.deepEqual(kernel.check(), [])
})

test('a dead leader shows its own exit code until the last thread gives the code of the group', () => {
  for (const era of ['latest', '4.14'] as const) {
    const kernel = Kernel.boot({ era })
    const leader = kernel.init.fork()
    const thread = leader.clone({ flags: CLONE_PTHREAD })
    const proc = kernel.procfs(kernel.init)
    leader.exitThread(5)
    assert.deepEqual([lastField(proc, '/2/stat'), lastField(proc, '/2/task/2/stat')], [5 << 8, 5 << 8])
    thread.exitThread(7)
    const code = era === 'latest' ? 7 << 8 : 5 << 8
    assert.deepEqual([lastField(proc, '/2/stat'), lastField(proc, '/2/task/2/stat')], [code, code], era)
    assert.equal(kernel.init.waitpidSync(2)?.status, code)
    const killed = kernel.init.fork()
    const path = `/${killed.pid}/task/${killed.pid}/stat`
    killed.clone({ flags: CLONE_PTHREAD })
    killed.exitThread(5)
    kernel.init.kill(killed.pid, SIGKILL)
    assert.equal(lastField(proc, path), era === 'latest' ? SIGKILL : 5 << 8)
    assert.deepEqual(kernel.check(), [])
  }
})

test('only a task of this kernel that is not gone can mount', () => {
  const { kernel, init, process } = family()
  assert.equal(
    failure(() => kernel.procfs(Kernel.boot().init)),
    'ESRCH mount undefined',
  )
  process.exit()
  assert.deepEqual(kernel.procfs(process).readlinkSync('/self'), '2')
  init.waitpidSync(2)
  assert.equal(
    failure(() => kernel.procfs(process)),
    'ESRCH mount undefined',
  )
  assert.equal(
    failure(() => kernel.procfs(init, { reader: process })),
    'ESRCH mount undefined',
  )
  assert.deepEqual(kernel.check(), [])
})

test('the mount of a namespace that is gone is empty, also when another takes its place in memory', async () => {
  const { kernel, init } = family()
  const proc = kernel.procfs(kernel.task(init.handle), { reader: init })
  const boxes = Array.from({ length: 4 }, () => init.clone({ flags: CLONE_NEWPID }))
  const mounts = boxes.map((box) => kernel.procfs(box))
  for (const box of boxes) init.kill(init.pidOf(box), SIGKILL)
  for (let i = 0; i < 4; i++) init.waitpidSync(-1)
  for (const mount of mounts) assert.deepEqual(mount.readdirSync('/'), ['self', 'thread-self'])
  await Promise.resolve()
  for (let i = 0; i < 4; i++) init.clone({ flags: CLONE_NEWPID }).fork()
  for (const mount of mounts) {
    assert.deepEqual(mount.readdirSync('/'), ['self', 'thread-self'])
    assert.equal(mount.existsSync('/1'), false)
  }
  assert.equal(proc.readdirSync('/').length, 2 + 4 + 8)
  assert.deepEqual(kernel.check(), [])
})
