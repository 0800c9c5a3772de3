/** What can be looked at without a log of one's own. */
import basic from '../../examples/basic.jsonl?raw'
import leaks from '../../examples/leaks.strace?raw'
import namespaces from '../../examples/ns.jsonl?raw'
import type { Source } from '../engine/protocol.ts'

export interface Example {
  readonly id: string
  readonly name: string
  readonly about: string
  readonly text: string
}

export const EXAMPLES: readonly Example[] = [
  {
    id: 'leaks',
    name: 'leaks.strace',
    about:
      'A shell script that leaks: zombies, orphans, an escape from a kill, a namespace. As strace saw it.',
    text: leaks,
  },
  {
    id: 'ns',
    name: 'ns.jsonl',
    about: 'A recording of a real kernel: namespaces in namespaces, made and killed.',
    text: namespaces,
  },
  {
    id: 'basic',
    name: 'basic.jsonl',
    about: 'A recording of a real kernel: fork, exit, wait, kill, groups and sessions.',
    text: basic,
  },
]

export function sourceOf({ name, text }: Example): Source {
  return { kind: 'file', name, blob: new Blob([text]) }
}
