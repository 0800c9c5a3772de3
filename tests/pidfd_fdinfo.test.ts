/*
 * What fdinfo says of a pidfd.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLONE_NEWPID } from 'pidns'
import { failure, family } from './procfs_tools.ts'

test('fdinfo of a pidfd: numbers from the viewer down, 0 unseen, -1 reaped', () => {
  const { kernel, init, box, inside } = family()
  const sibling = init.clone({ flags: CLONE_NEWPID })
  using pidfd = init.pidfdOpen(init.pidOf(inside))
  assert.equal(pidfd.fdinfo(init), 'Pid:\t5\nNSpid:\t5\t2\n')
  assert.equal(pidfd.fdinfo(inside), 'Pid:\t2\nNSpid:\t2\n')
  assert.equal(pidfd.fdinfo(sibling), 'Pid:\t0\nNSpid:\t0\n')
  inside.setsid()
  const member = inside.fork()
  inside.exit()
  assert.equal(pidfd.fdinfo(init), 'Pid:\t5\nNSpid:\t5\t2\n')
  box.waitpidSync(2)
  // The number lives on as that of a session, and is nobody's own.
  assert.equal(member.getsid(0), 2)
  for (const viewer of [init, box, sibling]) assert.equal(pidfd.fdinfo(viewer), 'Pid:\t-1\nNSpid:\t-1\n')
  assert.equal(
    failure(() => pidfd.fdinfo(inside)),
    'ESRCH read undefined',
  )
  pidfd.close()
  assert.equal(
    failure(() => pidfd.fdinfo(init)),
    'EBADF read undefined',
  )
  assert.deepEqual(kernel.check(), [])
})
