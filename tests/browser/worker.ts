/** A worker of tests/browser/page.ts: is one process of a kernel that the page has booted. */
import { Kernel, type KernelError, SIGKILL, type Task } from 'pidns/shared'
import type { Done, Job, Joined } from './job.ts'

const problems: string[] = []

function expect(what: string, is: unknown, expected: unknown): void {
  if (is !== expected) problems.push(`${what}: ${String(is)}, expected ${String(expected)}`)
}

/** Children come and go; one of them is left for somebody else to kill, and waited for. */
async function family(self: Task, child: Task): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const made = self.fork()
    made.exit(i)
    expect('the exit code', self.waitpidSync(made.pid)?.code, i)
  }
  expect('who killed the child', (await self.waitpid(child.pid))?.signal, 'SIGTERM')
  self.exit(3)
}

/** A call that gave up has changed nothing. */
function again<T>(call: () => T): T {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if ((error as KernelError).code !== 'EDEADLK') throw error
    }
  }
}

/** Forks, looks up, kills and reaps until it is told to stop, though another worker dies with the lock. */
async function churn(self: Task, { calls, stop, place }: Job): Promise<void> {
  while (Atomics.load(stop, 0) === 0) {
    for (let i = 0; i < 20; i++) {
      const child = again(() => self.fork())
      const nr = again(() => child.pid)
      expect(
        'the group',
        again(() => self.getpgid(nr)),
        1,
      )
      if (i % 2 === 0) again(() => child.exit(i))
      else again(() => self.kill(nr, SIGKILL))
      const end = again(() => self.waitpidSync(nr))
      expect('its status', end?.status, i % 2 === 0 ? i << 8 : SIGKILL)
      Atomics.add(calls, place, 1)
    }
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  again(() => self.exit(0))
}

/** The lock is held for ever, by a call that never returns. */
function hang(self: Task): never {
  self.clone({
    get flags(): number {
      for (;;);
    },
  })
  throw new Error('it has returned')
}

const tell = (message: Joined | Done): void => postMessage(message)

addEventListener('message', ({ data }: MessageEvent<Job>) => {
  run(data).catch((error) => tell({ problems: [...problems, String(error)] }))
})

async function run(data: Job): Promise<void> {
  const kernel = Kernel.join(data.kernel)
  const self = kernel.task(data.task)
  self.claim()
  const child = self.fork()
  // The name by which others tell that it lives is its own after a turn or two.
  await new Promise((resolve) => setTimeout(resolve, 50))
  tell({ worker: kernel.worker, child: child.handle })
  if (data.act === 'hang') hang(self)
  if (data.act === 'family') await family(self, child)
  else await churn(self, data)
  const violations = again(() => kernel.check())
  expect('violations', violations.join(), '')
  kernel.dispose()
  tell({ problems })
}
