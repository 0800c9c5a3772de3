/** How long the page takes, measured in the page: from what a person does to the picture that follows. */
import type { Browser, Page } from 'playwright-core'

/** A fixed loop takes so many ms of a processor that nobody else uses (20 to 30). */
const LOOP_MS = 25

export interface Times {
  /** ms each, rising. */
  readonly ms: readonly number[]
  /** The fixed loop, in the same page before and after: ms each, rising. */
  readonly loop: readonly number[]
  /** What all processes of the browser took of the processors for each, in ms: the same on a busy machine as on a quiet one. */
  readonly cpu: number
}

/** The p-th of 100. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0
}

export function tell(what: string, times: Times): string {
  const at = (list: readonly number[]): string =>
    [50, 95, 100].map((p) => percentile(list, p).toFixed(1)).join(' / ')
  return `${what}: median / p95 / max ${at(times.ms)} ms, ${times.cpu.toFixed(1)} ms of CPU each (${times.ms.length} times; the fixed loop of ${LOOP_MS} ms: ${at(times.loop)} ms)`
}

const LOOPS = 8

async function measure(page: Page, use: () => Promise<number[]>): Promise<Times> {
  const loops = (): Promise<number[]> =>
    page.evaluate((count) => Array.from({ length: count }, () => window.fixedLoop()), LOOPS)
  const loop = await loops()
  const before = await cpuOf(page)
  const ms = await use()
  const cpu = ((await cpuOf(page)) - before) / ms.length
  loop.push(...(await loops()))
  return { ms: ms.toSorted((a, b) => a - b), loop: loop.toSorted((a, b) => a - b), cpu }
}

/** ms that the browser's processes have had of the processors. */
async function cpuOf(page: Page): Promise<number> {
  const session = await (page.context().browser() as Browser).newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0)
}

/** Goes to each of these steps, through the page's own field. */
export async function timeSeeks(page: Page, steps: readonly number[]): Promise<Times> {
  return await measure(page, () =>
    page.evaluate(async (places) => {
      const ms: number[] = []
      const field = document.querySelector('.step-of input') as HTMLInputElement
      const shows = (step: number): Promise<void> =>
        new Promise((done) => {
          const look = (): void => {
            if (document.documentElement.dataset.step !== String(step)) return
            observer.disconnect()
            done()
          }
          const observer = new MutationObserver(look)
          observer.observe(document.documentElement, { attributeFilter: ['data-step'] })
          look()
        })
      for (const step of places) {
        const started = performance.now()
        field.value = String(step)
        field.dispatchEvent(new Event('change', { bubbles: true }))
        await shows(step)
        await window.painted()
        ms.push(performance.now() - started)
      }
      return ms
    }, steps),
  )
}

/** Does something before each frame, `count` times: how far apart the frames are. */
export async function timeFrames(page: Page, what: FrameAct, count: number): Promise<Times> {
  return await measure(page, () =>
    page.evaluate(
      async ([act, frames]) => {
        const ms: number[] = []
        const tree = document.querySelector('.tree') as HTMLElement
        const map = document.querySelector('.map canvas') as HTMLElement
        const [wide, high] = [map.clientWidth, map.clientHeight]
        const at = { bubbles: true, cancelable: true, view: window }
        const box = map.getBoundingClientRect()
        const wheel = (deltaY: number): void => {
          const [clientX, clientY] = [box.left + wide / 2, box.top + high / 2]
          map.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY, clientX, clientY }))
        }
        const steps = document.querySelector('[aria-label="One step back"]') as HTMLElement
        const acts = {
          scroll: () => tree.scrollBy(0, 97),
          zoom: (i: number) => wheel(i % 40 < 20 ? -120 : 120),
          step: (i: number) => i % 4 === 0 && steps.click(),
        }
        const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done))
        await frame()
        let last = await frame()
        for (let i = 0; i < frames; i++) {
          acts[act](i)
          const now = await frame()
          ms.push(now - last)
          last = now
        }
        return ms
      },
      [what, count] as const,
    ),
  )
}

export type FrameAct = 'scroll' | 'zoom' | 'step'

declare global {
  interface Window {
    /** Runs the fixed loop; the ms that it took. */
    fixedLoop(): number
    /** What is in the DOM now has been painted. */
    painted(): Promise<void>
  }
}

/** To be run in the page, before anything is timed. */
export async function prepare(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.fixedLoop = () => {
      const started = performance.now()
      let x = 1
      for (let i = 0; i < 10_000_000; i++) x = (Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + i) | 0
      return performance.now() - started + (x === 0.5 ? 1 : 0)
    }
    window.painted = () =>
      new Promise((done) => {
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel()
          port1.onmessage = () => done()
          port2.postMessage(0)
        })
      })
    for (let i = 0; i < 5; i++) window.fixedLoop()
  })
}
