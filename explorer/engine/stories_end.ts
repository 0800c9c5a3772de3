/** Two stories about ends: of a namespace, and of a process. */
import { CLONE_NEWPID, PR_SET_CHILD_SUBREAPER, SIGKILL } from '../../src/index.ts'
import type { Story } from './story.ts'

export const INIT_DEATH: Story = {
  id: 'init-death',
  *script({ kernel }) {
    const { init } = kernel
    const box = init.clone({ flags: CLONE_NEWPID })
    box.fork().fork()
    const helper = init.fork()
    yield {
      title: 'A namespace with a family',
      text: 'N1 has an init, a child and a grandchild. Outside, in N0, there is a helper.',
      view: 'map',
      ns: 1,
    }
    const file = box.openNs('pid')
    helper.setns(file, CLONE_NEWPID)
    file.close()
    const guest = helper.fork()
    yield {
      title: 'A guest is put in',
      text: 'The helper has called setns and forked (docker exec does the same). The child is in N1, but its parent is not: from inside, its parent is 0.',
      view: 'map',
      ns: 1,
    }
    guest.exit(0)
    yield {
      title: 'The guest is a zombie',
      text: 'It has ended, and its parent, the helper, has not waited. It keeps its number in N1 and in N0.',
      view: 'map',
      ns: 1,
    }
    init.kill(init.pidOf(box), SIGKILL)
    yield {
      title: 'Init is killed, and rests',
      text: 'zap_pid_ns_processes: no number is given out any more (PIDNS_HASH_ADDING is off), everybody in N1 is killed, init waits for its own. But the guest is not its child. nr_hashed stays at 2 - init and guest - so init cannot finish its exit: it is held.',
      view: 'steps',
      ns: 1,
    }
    helper.waitpidSync(-1)
    yield {
      title: 'The helper waits',
      text: 'free_pid of the guest: nr_hashed falls to 1, and that wakes the reaper. Init, which rested in its exit, goes on to the end and is a zombie now.',
      view: 'steps',
      ns: 1,
    }
    init.waitpidSync(-1)
    yield {
      title: 'The last number',
      text: 'With init waited for, nr_hashed is 0. A work item unmounts the procfs of N1 (it may sleep, and free_pid may not). The helper still has N1 as the namespace for its children, so the record stays: dead, and refusing forks with ENOMEM.',
      view: 'steps',
      ns: 1,
    }
    helper.exit(0)
    init.waitpidSync(-1)
    yield {
      title: 'Gone',
      text: 'The helper ended, and with it the last reference. N1 is gone.',
      view: 'map',
    }
  },
}

export const ZOMBIES: Story = {
  id: 'zombies',
  *script({ kernel }) {
    const { init } = kernel
    const manager = init.fork()
    const parent = manager.fork()
    const child = parent.fork()
    const orphan = parent.fork()
    yield {
      title: 'A family',
      text: 'init, a manager, a parent and two children.',
      view: 'ask',
    }
    child.exit(7)
    yield {
      title: 'A zombie',
      text: 'A child has exited with 7. What is left of it is its number and its status, kept for its parent. It uses no processor and hardly any memory - but a number, and of those there are not many.',
      view: 'map',
    }
    parent.exit(0)
    yield {
      title: 'The parent ends, and has not waited',
      text: 'Both children are orphans, the dead one too. init adopts them: forget_original_parent. An init that does not wait, as many in containers, would now collect zombies. The parent itself is a zombie of the manager’s.',
      view: 'steps',
    }
    init.waitpidSync(init.pidOf(child))
    manager.waitpidSync(-1)
    yield {
      title: 'Two waits',
      text: 'init has waited for the orphaned zombie, the manager for its child. Both numbers are free again.',
      view: 'steps',
    }
    orphan.exit(0)
    init.waitpidSync(-1)
    manager.prctl(PR_SET_CHILD_SUBREAPER, 1)
    const worker = manager.fork()
    const daemon = worker.fork()
    yield {
      title: 'A subreaper',
      text: 'The other orphan ended and was waited for. Now the manager has called prctl(PR_SET_CHILD_SUBREAPER), as systemd --user and containerd-shim do, and starts a worker that starts a daemon.',
      view: 'steps',
    }
    worker.exit(0)
    yield {
      title: 'Orphans go to the nearest subreaper',
      text: 'The worker has ended. Its child went to the manager, not to init: find_new_reaper walks up the ancestors and stops at the first subreaper.',
      view: 'steps',
    }
    daemon.exit(1)
    manager.waitpidSync(-1)
    manager.waitpidSync(-1)
    yield {
      title: 'All waited for',
      text: 'The manager has waited twice. No zombie is left. Whoever forks must wait, or leave it to an ancestor that does.',
      view: 'map',
    }
  },
}
