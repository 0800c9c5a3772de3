/** The torture run as a process of its own: tells launch.ts that it lives, and what came of it. */
import { parseArgs } from 'node:util'
import type { Message } from './launch.ts'
import { torture } from './torture.ts'

const BEAT_MS = 250
/** So many problems are told. */
const MANY = 20

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '3' },
    'stop-when-wrong': { type: 'boolean', default: false },
  },
})
const tell = (message: Message): void => void process.send?.(message)
setInterval(() => tell({}), BEAT_MS).unref()
tell({})
const { result, problems } = await torture({
  seconds: Number(values.seconds),
  workers: Number(values.workers),
  stopWhenWrong: values['stop-when-wrong'],
  say: (said) => tell({ said }),
})
process.send?.({ result, problems: problems.slice(0, MANY) } satisfies Message, () => process.exit())
