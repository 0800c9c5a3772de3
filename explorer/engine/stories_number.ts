/** Two stories about numbers: which one is next, and how many one process has. */
import { CLONE_NEWPID, KernelError, SIGTERM, type Task } from '../../src/index.ts'
import type { Story } from './story.ts'

/** Forks until no number is free; returns who was made. */
function forkAll(parent: Task): Task[] {
  const made: Task[] = []
  for (;;) {
    try {
      made.push(parent.fork())
    } catch (error) {
      if (error instanceof KernelError) return made
      throw error
    }
  }
}

export const FIRST_ZERO_BIT: Story = {
  id: 'first-zero-bit',
  options: { pidMax: 310 },
  *script({ kernel }) {
    const { init } = kernel
    yield {
      title: 'One bit for each number',
      text: 'A namespace keeps its numbers as bits: where a bit stands is the number, 1 means taken. Number 0 is never given out. Here only init lives, with number 1. This namespace is small: kernel.pid_max is 310.',
      view: 'map',
    }
    const [a, b] = [init.fork(), init.fork()]
    init.fork()
    yield {
      title: 'To allocate is to look for a zero',
      text: 'Three forks: alloc_pidmap took the first zero bits behind the last number it had given out, and set them. They are 2, 3 and 4. last_pid, the cursor, went along.',
      view: 'map',
    }
    b.exit(0)
    yield {
      title: 'An exit frees nothing',
      text: 'Process 3 has ended. Its bit is still 1: a zombie keeps its number, so that its parent can still ask what became of it, and nobody else can be taken for it.',
      view: 'map',
    }
    init.waitpidSync(3)
    yield {
      title: 'The wait does',
      text: 'Its parent has waited. free_pidmap turned the bit from 1 to 0. Nothing else in the map moved - the cursor least of all.',
      view: 'steps',
    }
    init.fork()
    yield {
      title: '3 is free, and 5 is next',
      text: 'The search begins behind the cursor, not at the beginning. So whoever still remembers "process 3" is not fooled by a stranger: a freed number comes round again only when all the others have had their turn.',
      view: 'map',
    }
    init.sysctl('kernel.ns_last_pid', 307)
    init.fork()
    init.fork()
    yield {
      title: 'Near the end',
      text: 'To save time the cursor was moved to 307 (a sysctl, made for programs that restore others from a checkpoint). Two forks gave 308 and 309, the last ones below pid_max.',
      view: 'map',
    }
    init.fork()
    yield {
      title: 'Round the corner, to 300',
      text: 'The next search comes to the end and goes on - not at 3, which is free, but at 300: RESERVED_PIDS. Numbers below are given out on the way up only, after boot, and then never again.',
      view: 'map',
    }
    forkAll(init)
    yield {
      title: 'EAGAIN, with hundreds free',
      text: '301 to 307 are taken too, and now fork fails with EAGAIN, although 3 and 6 to 299 are all free. alloc_pidmap looked at everything from 300 to pid_max, found no zero, and gave up.',
      view: 'map',
    }
    a.exit(0)
    init.waitpidSync(2)
    yield {
      title: 'A low number does not help',
      text: 'Process 2 ended and was waited for. Its bit is 0 again, and fork would fail all the same: 2 is below the floor.',
      view: 'map',
    }
  },
}

export const MANY_NUMBERS: Story = {
  id: 'many-numbers',
  *script({ kernel }) {
    const { init } = kernel
    init.fork()
    yield {
      title: 'One namespace',
      text: 'The initial namespace, N0, with two processes. Each has one number.',
      view: 'ask',
    }
    const box = init.clone({ flags: CLONE_NEWPID })
    yield {
      title: 'clone with CLONE_NEWPID',
      text: 'The new process is the first of a new namespace, N1. Read its column: it is 1 in N1, which is why it is an init, and 3 in N0, as those outside see it. alloc_pid went through the levels from the inside out and took a number in each.',
      view: 'steps',
    }
    const shell = box.fork()
    box.fork()
    yield {
      title: 'Each map has its own numbers',
      text: 'Two children: 2 and 3 inside, 4 and 5 outside. There are two processes with number 2 now - in different namespaces, so nobody can mix them up.',
      view: 'map',
      ns: 1,
    }
    const deep = shell.clone({ flags: CLONE_NEWPID })
    const leaf = deep.fork()
    yield {
      title: 'A namespace in the namespace',
      text: 'Process 2 of N1 made N2. Whoever is in it has three numbers; from inside out each is larger or equal, because outside there are more processes to number.',
      view: 'map',
      ns: 2,
    }
    yield {
      title: 'Found by number and namespace',
      text: 'All numbers are in one hash. find_pid_ns goes to the bucket that number and namespace give, and compares both with each entry. So the number 2 is there three times, and each is found by those who see it.',
      view: 'hash',
    }
    init.kill(init.pidOf(leaf), SIGTERM)
    yield {
      title: 'Killed by its outermost number',
      text: 'init has killed the innermost process: by the number that init knows it under. Nobody inside could have named init at all: looking outwards there is nothing. The dead one is a zombie until its parent waits.',
      view: 'steps',
    }
    deep.waitpidSync(-1)
    yield {
      title: 'Freed at all levels at once',
      text: 'Its parent has waited. free_pid took its three numbers out of the hash under one hold of pidmap_lock, from level 0 inwards, then cleared the bit of each.',
      view: 'steps',
    }
  },
}
