/*
 * Saving and restoring a kernel: the same table, or a refusal that says why.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  Kernel,
  KernelError,
  PIDFD_THREAD,
  POLLHUP,
  POLLIN,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  type Task,
  WNOHANG,
} from 'pidns'

/** Everything that can be seen of a kernel's tasks. */
function view(kernel: Kernel): unknown[] {
  return kernel.tasks().map((task) => ({
    handle: task.handle,
    state: task.state,
    exiting: task.exiting,
    pid: task.nspid,
    tgid: task.nstgid,
    pgid: task.nspgid,
    sid: task.nssid,
    parent: task.parent?.handle,
    comm: task.comm,
  }))
}

/** A kernel with something of everything. */
function busyKernel(): Kernel {
  const kernel = Kernel.boot({ pidMax: 400 })
  const shell = kernel.init.fork()
  shell.comm = 'shell'
  shell.setsid()
  const box = shell.clone({ flags: CLONE_NEWPID })
  const inner = box.clone({ flags: CLONE_NEWPID })
  inner.fork()
  inner.clone({ flags: CLONE_PTHREAD })
  const zombie = box.fork()
  zombie.exit(7)
  const stopped = shell.fork()
  kernel.init.kill(kernel.init.pidOf(stopped), SIGSTOP)
  shell.unshare(CLONE_NEWPID)
  return kernel
}

test('a restored kernel shows the same tasks, and goes on as the saved one does', () => {
  const kernel = busyKernel()
  const copy = Kernel.restore(kernel.save())
  assert.deepEqual(view(copy), view(kernel))
  assert.deepEqual(copy.check(), [])
  for (const one of [kernel, copy]) {
    one.init.kill(-1, SIGTERM)
    one.init.fork()
  }
  assert.deepEqual(view(copy), view(kernel))
  assert.deepEqual([...kernel.check(), ...copy.check()], [])
})

test('an image of an image is the same image', () => {
  const image = busyKernel().save()
  assert.deepEqual(Kernel.restore(image).save(), image)
})

test('handles name the same tasks and files in the restored kernel', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const pidfd = kernel.init.pidfdOpen(child.pid)
  const file = child.openNs('pid')
  const copy = Kernel.restore(kernel.save())
  copy.init.kill(child.pid, SIGKILL)
  assert.deepEqual([child.state, copy.task(child.handle).state], ['S', 'Z'])
  assert.deepEqual([pidfd.poll(), copy.pidfd(pidfd.handle).poll()], [0, POLLIN])
  assert.equal(copy.init.setns(copy.nsFd(file.handle), 0), 0)
  copy.pidfd(pidfd.handle).close()
  copy.nsFd(file.handle).close()
  assert.throws(() => copy.pidfd(pidfd.handle), { code: 'EBADF' })
  assert.throws(() => copy.nsFd(file.handle), { code: 'EBADF' })
  copy.init.waitpidSync()
  assert.throws(() => copy.task(child.handle), { code: 'ESRCH' })
  assert.equal(pidfd.poll(), 0)
  assert.deepEqual([...kernel.check(), ...copy.check()], [])
})

test('a pidfd restored after its task was reaped still shows that', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const pidfd = kernel.init.pidfdOpen(child.pid, PIDFD_THREAD)
  child.exit()
  kernel.init.waitpidSync()
  const copy = Kernel.restore(kernel.save())
  assert.equal(copy.pidfd(pidfd.handle).poll(), POLLIN | POLLHUP)
  assert.deepEqual(copy.check(), [])
})

test('a wait is not part of an image, and goes on where it was', async () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const end = kernel.init.waitpid(child.pid)
  const copy = Kernel.restore(kernel.save())
  assert.deepEqual(copy.check(), [])
  child.exit(1)
  assert.deepEqual(await end, { pid: 2, status: 256, code: 1 })
  assert.equal(copy.init.waitpidSync(-1, WNOHANG), null)
  assert.deepEqual([...kernel.check(), ...copy.check()], [])
})

test('a task that its driver holds in its exit goes on with it when restored', () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  child.attachDriver({ holdExit: true, kill: () => {} })
  child.exit(4)
  const copy = Kernel.restore(kernel.save())
  assert.deepEqual([child.exiting, copy.task(child.handle).state], [true, 'Z'])
  assert.deepEqual(copy.init.waitpidSync(), { pid: 2, status: 1024, code: 4 })
  assert.deepEqual([...kernel.check(), ...copy.check()], [])
})

test('an image is compact: a kernel with one process takes less than 2 KiB', () => {
  assert.ok(Kernel.boot().save().length < 2048)
})

test('whatever byte of an image is changed, it is refused', () => {
  const image = busyKernel().save()
  fc.assert(
    fc.property(fc.nat(image.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const damaged = image.slice()
      damaged[at] = (damaged[at] as number) ^ by
      assert.throws(() => Kernel.restore(damaged), RangeError)
    }),
    { numRuns: 300 },
  )
})

test('an image that was cut or goes on is refused, and so is anything else', () => {
  const image = busyKernel().save()
  for (const length of [0, 7, 19, 20, image.length - 1]) {
    assert.throws(() => Kernel.restore(image.subarray(0, length)), RangeError)
  }
  const longer = new Uint8Array(image.length + 1)
  longer.set(image)
  assert.throws(() => Kernel.restore(longer), /checksum/)
  assert.throws(() => Kernel.restore(new TextEncoder().encode('{"recorder":"oracle","version":2}')), /begin/)
  assert.throws(() => Kernel.restore('image' as never), TypeError)
  const newer = image.slice()
  newer[8] = 99
  assert.throws(() => Kernel.restore(newer), /version 99/)
})

test('whenever a kernel is saved, the restored one gives the same answers from there on', () => {
  const act = (kernel: Kernel, code: number): unknown => {
    const tasks = kernel.tasks()
    const task = tasks[code % tasks.length] as Task
    const other = tasks[(code >> 4) % tasks.length] as Task
    try {
      switch ((code >> 8) % 10) {
        case 0:
          return task.fork().nspid
        case 1:
          return task.clone({ flags: CLONE_NEWPID }).nspid
        case 2:
          return task.clone({ flags: CLONE_PTHREAD }).nspid
        case 3:
          return task.exit(code & 255)
        case 4:
          return task.exitThread(code & 255)
        case 5:
          return task.kill(task.pidOf(other), (code % 31) + 1)
        case 6:
          return task.waitpidSync(-1, WNOHANG)
        case 7:
          return task.setsid()
        case 8:
          return task.execve()
        default:
          return task.unshare(CLONE_NEWPID)
      }
    } catch (error) {
      if (error instanceof KernelError) return error.code
      throw error
    }
  }
  const codes = fc.array(fc.nat(0xffffff), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(codes, codes, (before, after) => {
      const kernel = Kernel.boot({ maxPids: 128, maxNamespaces: 32 })
      for (const code of before) act(kernel, code)
      const copy = Kernel.restore(kernel.save())
      assert.deepEqual(view(copy), view(kernel))
      for (const code of after) {
        assert.deepEqual(act(copy, code), act(kernel, code))
        assert.deepEqual(view(copy), view(kernel))
      }
      assert.deepEqual([...kernel.check(), ...copy.check()], [])
    }),
    { numRuns: 300 },
  )
})

test('when another thread of the first process executes a program, it is the first process from then on', () => {
  const kernel = Kernel.boot()
  const thread = kernel.init.clone({ flags: CLONE_PTHREAD })
  const before = kernel.init
  thread.execve('new')
  assert.deepEqual([kernel.init === thread, kernel.init.pid, before.state], [true, 1, 'X'])
  const child = kernel.init.fork()
  assert.throws(() => kernel.init.exit(), { code: 'EPERM' })
  child.kill(1, SIGKILL)
  assert.equal(Kernel.restore(kernel.save()).init.state, 'S')
  assert.deepEqual(kernel.check(), [])
})

test('a thread that takes over from the first process keeps nothing of it, whatever uses its memory next', () => {
  const kernel = Kernel.boot()
  for (let i = 0; i < 3; i++) {
    kernel.init.clone({ flags: CLONE_PTHREAD }).execve()
    // A saved kernel has freed what was waiting to be: the next child is where the first leader was.
    kernel.save()
    kernel.init.fork()
    kernel.init.fork()
  }
  assert.equal(kernel.tasks().length, 7)
  assert.deepEqual(kernel.check(), [])
})
