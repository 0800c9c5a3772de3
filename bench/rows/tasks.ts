/** System calls of tasks. */
import { CLONE_NEWPID, Kernel, type NsFd, SIGCONT, type Task } from 'pidns'
import type { Side } from '../measure.ts'
import { importPeer } from '../peers.ts'
import { randomFrom } from '../random.ts'
import { type Row, side } from '../row.ts'
import { NUMBERS } from './alloc.ts'

const LIVE = 10_000

/** A shell, in a kernel with so many tasks besides, and so many namespaces below the initial one. */
export function shellAmong(live: number, depth = 0): { kernel: Kernel; shell: Task } {
  const kernel = Kernel.boot({ pidMax: NUMBERS, maxPids: live + 128 })
  for (let i = 0; i < live; i++) kernel.init.fork()
  let box = kernel.init
  for (let i = 0; i < depth; i++) box = box.clone({ flags: CLONE_NEWPID })
  return { kernel, shell: box.fork() }
}

export function forkExitWait(name: string, live: number, depth = 0): Side {
  return side<{ shell: Task }>({
    name,
    setup: () => shellAmong(live, depth),
    loop: ({ shell }, n) => {
      let sum = 0
      for (let i = 0; i < n; i++) {
        const child = shell.fork()
        const { pid } = child
        child.exit(3)
        const end = shell.waitpidSync(pid)
        sum += end === null ? 0 : end.status
      }
      return sum
    },
  })
}

/** As the package's own kernel calls it (`spawn`): a number, an entry, and the driver's word that it ended. */
interface ProcessTable {
  allocatePid(): number
  register(pid: number, driver: string, cmd: string, args: string[], context: object, process: Driver): object
  terminateAll(): Promise<void>
}

interface Driver {
  onExit: ((code: number) => void) | null
}

const secureExec = side<{ table: ProcessTable }>({
  name: '@secure-exec/core 0.2.1, register + exit',
  again: true,
  most: 4000,
  setup: async () => {
    const { ProcessTable } = await importPeer<{ ProcessTable: new () => ProcessTable }>('@secure-exec/core')
    const table = new ProcessTable()
    for (let i = 0; i <= 10_000; i++) {
      const pid = table.allocatePid()
      const context = {
        pid,
        ppid: Math.min(i, 1),
        env: {},
        cwd: '/',
        fds: { stdin: 0, stdout: 1, stderr: 2 },
      }
      const driver = { onExit: null, kill: () => {}, wait: () => Promise.resolve(0) }
      table.register(pid, 'node', 'sh', [], context, driver)
    }
    return { table }
  },
  loop: ({ table }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const pid = table.allocatePid()
      const context = { pid, ppid: 1, env: {}, cwd: '/', fds: { stdin: 0, stdout: 1, stderr: 2 } }
      const driver: Driver & Record<string, unknown> = {
        onExit: null,
        kill: () => {},
        wait: () => Promise.resolve(0),
      }
      table.register(pid, 'node', 'sh', [], context, driver)
      driver.onExit?.(3)
      sum += pid
    }
    return sum
  },
  // Its zombies wait for a timer of a minute each.
  cleanup: ({ table }) => table.terminateAll(),
})

/** A group of ten, made among so many tasks; each gets a signal that does nothing to it. */
function killGroup(name: string, live: number): Side {
  return side<{ init: Task; group: number; sig: number }>({
    name,
    setup: () => {
      const { init } = Kernel.boot({ pidMax: NUMBERS, maxPids: live + 64 })
      let group = 0
      for (let i = 0; i < live; i++) {
        const child = init.fork()
        if (i % (live / 10) !== 0) continue
        init.setpgid(child.pid, group)
        group ||= child.pid
      }
      return { init, group, sig: SIGCONT }
    },
    loop: ({ init, group, sig }, n) => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += init.kill(-group, sig) as number
      return sum
    },
  })
}

const nsCreate = side<{ shell: Task; own: NsFd; flag: number }>({
  name: 'pidns',
  setup: () => {
    const { shell } = shellAmong(0)
    return { shell, own: shell.openNs('pid'), flag: CLONE_NEWPID }
  },
  loop: ({ shell, own, flag }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      shell.unshare(flag)
      const child = shell.fork()
      const pid = shell.pidOf(child)
      child.exit(3)
      const end = shell.waitpidSync(pid)
      sum += end === null ? 0 : end.status
      shell.setns(own, flag)
    }
    return sum
  },
})

/** 10,000 numbers anywhere among four million. */
function scattered(): number[] {
  const random = randomFrom(10)
  const numbers = new Set<number>()
  while (numbers.size < LIVE) numbers.add(2 + random(NUMBERS - 2))
  return [...numbers]
}

const readdir = side<{ procfs: { readdirSync(path: string): string[] } }>({
  name: 'pidns',
  setup: () => {
    const kernel = Kernel.boot({ pidMax: NUMBERS })
    for (const nr of scattered()) kernel.init.clone({ setTid: [nr] })
    return { procfs: kernel.procfs(kernel.init) }
  },
  loop: ({ procfs }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += procfs.readdirSync('/').length
    return sum
  },
})

const sortedKeys = side<{ map: Map<number, number> }>({
  name: 'sorted keys of a Map of 10,000',
  setup: () => ({ map: new Map(scattered().map((nr) => [nr, nr])) }),
  loop: ({ map }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += [...map.keys()].sort((a, b) => a - b).length
    return sum
  },
})

export const TASKS: readonly Row[] = [
  {
    id: 'fork-exit-wait',
    what: 'fork + exit + waitpid, 10,000 live tasks',
    ours: forkExitWait('pidns', LIVE),
    peer: secureExec,
    target: 0.2,
  },
  {
    id: 'kill-group',
    what: 'kill(-pgid) of a group of 10 among 100,000 tasks',
    ours: killGroup('pidns', 100_000),
    peer: killGroup('the same among 100', 100),
    target: 1.5,
  },
  {
    id: 'ns-create',
    what: 'unshare + fork + exit + wait of a namespace',
    ours: nsCreate,
    peer: forkExitWait('fork + exit + wait', 0),
    target: 8,
  },
  {
    id: 'readdir',
    what: 'procfs readdir of 10,000 among a map of 4,194,304',
    ours: readdir,
    peer: sortedKeys,
    target: 1,
  },
]
