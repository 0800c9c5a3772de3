/** Runs the torture program as a process of its own, and sees when it hangs. */
import { fork } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { TortureResult } from './torture.ts'

export interface Launched {
  /** undefined: it did not come to an end. */
  readonly result: TortureResult | undefined
  /** What is wrong. */
  readonly problems: readonly string[]
  /** How long it took, from its first sign of life. */
  readonly seconds: number
}

/** A run that gives no sign of life for so long hangs: where the machine does much else, threads wait for seconds. */
const SILENT_MS = 15_000

/** `program`: what was built. `say`: is told how far it is. */
export async function launch(
  program: string,
  args: readonly string[],
  say: (text: string) => void,
): Promise<Launched> {
  const child = fork(program, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  const errors = text(child.stderr as NodeJS.ReadableStream)
  const problems: string[] = []
  let result: TortureResult | undefined
  let began = performance.now()
  let timer: NodeJS.Timeout | undefined
  const lives = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      problems.push(`nothing has happened for ${SILENT_MS / 1000} seconds`)
      child.kill('SIGKILL')
    }, SILENT_MS)
  }
  child.once('message', () => {
    began = performance.now()
  })
  child.on('message', (message: Message) => {
    lives()
    if (message.said !== undefined) say(message.said)
    if (message.problems !== undefined) problems.push(...message.problems)
    result ??= message.result
  })
  lives()
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve))
  clearTimeout(timer)
  const seconds = (performance.now() - began) / 1000
  const told = await errors
  if (told !== '') problems.push(told)
  if (code !== 0 && problems.length === 0) problems.push(`it ended with status ${code}`)
  return { result, problems, seconds }
}

/** What the program tells while it runs: nothing, that it lives. */
export interface Message {
  readonly said?: string
  readonly result?: TortureResult
  readonly problems?: readonly string[]
}
