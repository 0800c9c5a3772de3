/* What of a kernel keeps a process alive that has nothing else to do. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** A timer that keeps nothing alive, and so tells only what lives on without it. */
const PROGRAM = (act: string): string => `
  import { Kernel } from 'pidns/shared'
  const kernel = Kernel.boot()
  void kernel.handle
  const child = kernel.init.fork()
  setTimeout(() => {
    console.log('alive')
    process.exit(0)
  }, 200).unref()
  ${act}`

function outputOf(act: string): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM(act)],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8' },
  )
  assert.deepEqual([status, stderr], [0, ''])
  return stdout
}

test('a pending wait keeps the event loop alive', () => {
  assert.equal(outputOf('void kernel.init.waitpid()'), 'alive\n')
  assert.equal(outputOf('void kernel.init.pidfdOpen(child.pid).ended()'), 'alive\n')
})

test('a wait that has ended does not, and neither does a kernel that others may join', () => {
  assert.equal(outputOf(''), '')
  assert.equal(outputOf('const end = kernel.init.waitpid(); child.exit(); await end'), '')
})

test('a disposed kernel does not', () => {
  assert.equal(outputOf('kernel.init.waitpid().catch(() => {}); kernel.dispose()'), '')
})

test('a handler does not, as with process.on(), and neither does a driver: what is behind it may', () => {
  assert.equal(outputOf('child.sigaction(10, { handler: () => {} })'), '')
  assert.equal(outputOf('child.attachDriver({ kill: () => {} })'), '')
  assert.equal(outputOf('child.attachDriver({ kill: () => {} }); setTimeout(() => {}, 1000)'), 'alive\n')
})
