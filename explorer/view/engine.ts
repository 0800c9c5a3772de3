/** The page's side of the worker: questions and answers. */

import type { Progress } from '../engine/log.ts'
import type { Answers, Reply, Request } from '../engine/protocol.ts'
import EngineWorker from '../engine/worker.ts?worker&inline'

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
  readonly onProgress: ((progress: Progress) => void) | undefined
}

/** What is wrong with a file, in the words of the command line. */
export class Trouble extends Error {}

let worker: Worker | undefined
let last = 0
const waiting = new Map<number, Waiting>()

function start(): Worker {
  const started = new EngineWorker()
  started.onmessage = ({ data }: MessageEvent<Reply>) => {
    const one = waiting.get(data.id)
    if (one === undefined) return
    if ('progress' in data) {
      one.onProgress?.(data.progress)
      return
    }
    waiting.delete(data.id)
    if ('trouble' in data) one.reject(new Trouble(data.trouble))
    else one.resolve(data.answer as never)
  }
  started.onerror = (event) => {
    event.preventDefault()
    abandon(`the page's worker failed: ${event.message}`)
  }
  return started
}

/** Ends whatever the worker is about; the next question starts a new one, in which nothing is open. */
export function abandon(why: string): void {
  worker?.terminate()
  worker = undefined
  for (const { reject } of waiting.values()) reject(new Trouble(why))
  waiting.clear()
}

export function ask<R extends Request>(
  request: R,
  onProgress?: (progress: Progress) => void,
): Promise<Answers[R['kind']]> {
  worker ??= start()
  const id = ++last
  const answer = new Promise<Answers[R['kind']]>((resolve, reject) =>
    waiting.set(id, { resolve, reject, onProgress }),
  )
  worker.postMessage({ ...request, id })
  return answer
}
