/** What tests/browser.test.ts has a page do that is not isolated: it has no shared memory. */
import { CLONE_NEWPID, Kernel, SIGKILL } from 'pidns'

async function family(): Promise<unknown> {
  const kernel = Kernel.boot()
  const { init } = kernel
  const box = init.clone({ flags: CLONE_NEWPID })
  const shell = box.fork()
  const numbers = [shell.pid, init.pidOf(shell)]
  const names = await kernel.procfs(init).promises.readdir('/')
  const end = init.waitpid(-1)
  init.kill(init.pidOf(box), SIGKILL)
  const isolated = typeof SharedArrayBuffer !== 'undefined'
  return { numbers, names, end: await end, isolated, check: kernel.check() }
}

Object.assign(globalThis, { family })
