/** Two stories about what runs at the same time: interrupts, and readers. */
import { H_PIDMAP_LOCK } from '../../src/mm/layout.ts'
import type { Story } from './story.ts'

export const INTERRUPTS: Story = {
  id: 'interrupts',
  *script({ ns, call }) {
    const first = call('allocPid', ns)
    yield {
      title: 'A lock, and interrupts',
      text: 'free_pid changes the hash and nr_hashed at every level under pidmap_lock. An interrupt that came meanwhile on the same processor and wanted the lock would wait for ever. So they are switched off first. Interrupts are on now, as the line below the picture says.',
      view: 'steps',
    }
    call('freePid', first)
    yield {
      title: 'On, off, on',
      text: 'In the steps of this free_pid, spin_lock_irqsave switched interrupts off and returned what it had found: on. Calls made with interrupts off are marked. spin_unlock_irqrestore put back what was saved. Then, with the lock free, the bits.',
      view: 'steps',
    }
    const second = call('allocPid', ns)
    call('localIrqDisable')
    yield {
      title: 'Now the caller has them off',
      text: 'The same once more, but the caller has switched interrupts off itself: it is in the middle of something that no interrupt may see.',
      view: 'steps',
    }
    call('freePid', second)
    yield {
      title: 'Off, off, off',
      text: 'free_pid again. spin_lock_irqsave found them off and saved that; spin_unlock_irqrestore put exactly that back. The caller goes on undisturbed: interrupts are still off.',
      view: 'steps',
    }
    call('spinLockIrq', H_PIDMAP_LOCK)
    yield {
      title: 'The simpler pair: lock',
      text: 'spin_lock_irq takes the same lock and switches interrupts off, but remembers nothing.',
      view: 'steps',
    }
    call('spinUnlockIrq', H_PIDMAP_LOCK)
    yield {
      title: 'The simpler pair: unlock',
      text: 'spin_unlock_irq switches them on - because it can do nothing else. The caller, who had them off, is open to interrupts in the middle of its work, and nothing has told it. That is what the saved flags protect from.',
      view: 'steps',
    }
    call('localIrqEnable')
    yield {
      title: 'Too late',
      text: 'When the caller now switches them on itself, they have been on for some time.',
      view: 'steps',
    }
  },
}

export const RCU: Story = {
  id: 'rcu',
  *script({ kernel, ns, call }) {
    kernel.init.fork()
    const pid = call('allocPid', ns)
    yield {
      title: 'Somebody has number 3',
      text: 'A struct pid with number 3. Its bit is set, and it can be found in the hash.',
      view: 'hash',
    }
    call('rcuReadLock')
    call('findPidNs', 3, ns)
    yield {
      title: 'A reader comes',
      text: 'rcu_read_lock, then find_pid_ns: the reader has the struct pid in hand. It has taken no lock and written no word; whoever changes the hash does not know of it.',
      view: 'steps',
    }
    call('freePid', pid)
    yield {
      title: 'And it is freed',
      text: 'free_pid takes the number out of the hash and clears its bit. The record itself stays: call_rcu puts it on a list and returns at once. One callback waits - for the reader. What the reader holds still reads "3".',
      view: 'steps',
    }
    call('findPidNs', 3, ns)
    yield {
      title: 'Nobody new can find it',
      text: 'Another lookup of 3 comes back with NULL: the chain leads past it. Readers from before go on, readers from now on never see it.',
      view: 'steps',
    }
    call('allocPid', ns)
    yield {
      title: 'A new record, not the old one',
      text: 'Somebody allocates a pid. It gets number 4 and another record. The old one cannot be given out while it may be read: that would be a stranger in the reader’s hand.',
      view: 'map',
    }
    call('rcuReadUnlock')
    yield {
      title: 'The reader leaves',
      text: 'rcu_read_unlock. No read section is open, the grace period is over: delayed_put_pid runs, drops the last reference, and the record goes back to its slab.',
      view: 'steps',
    }
  },
}
