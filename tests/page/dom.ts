/** What the page shows, as it stands in the DOM and on its canvases. */
import type { Page } from 'playwright-core'
import type { Row } from './truth.ts'

/** What is in the DOM has been painted, canvases included. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((done) => {
        const frames = (left: number): void =>
          void requestAnimationFrame(() => (left === 0 ? done() : frames(left - 1)))
        frames(2)
      }),
  )
}

/** The rows of the tree, each with the one that it lies below: the last one before it that is a level higher. */
export async function shownRows(page: Page): Promise<Row[]> {
  const found = await page.$$eval('[role=treeitem]', (items) =>
    items.map((item) => {
      const { numbers, ns, state = '' } = (item as HTMLElement).dataset
      const key = numbers ?? `ns ${ns}`
      return { key, state, level: Number(item.ariaLevel), y: item.getBoundingClientRect().y }
    }),
  )
  const above: string[] = ['']
  const rows = found
    .sort((a, b) => a.y - b.y)
    .map(({ key, state, level }) => {
      above[level] = key
      return { key, parent: above[level - 1] ?? '?', state }
    })
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** By inode number: how many numbers the heading tells of, and last_pid. */
export async function shownHeadings(page: Page): Promise<Map<number, { hashed: number; lastPid: number }>> {
  const found = await page.$$eval('[role=treeitem][data-ns]', (items) =>
    items.map((item) => [(item as HTMLElement).dataset.ns ?? '', item.textContent ?? ''] as const),
  )
  return new Map(
    found.map(([inum, text]) => {
      const [, hashed, lastPid] = /(\d+) numbers · last_pid (-?\d+)/.exec(text) ?? []
      return [Number(inum), { hashed: Number(hashed), lastPid: Number(lastPid) }]
    }),
  )
}

export interface ShownMap {
  readonly taken: readonly number[]
  readonly lastPid: number
  readonly pidMax: number
  /** By number, as many as were asked for: the colour of the middle of its square. */
  readonly middles: readonly string[]
  /** Numbers whose square has the frame of last_pid. */
  readonly framed: readonly number[]
  /** The colour of taken numbers by the style sheet. */
  readonly takenColor: string
}

/** The map of a namespace: in words, and the first `count` numbers as the canvas has them. */
export async function shownMap(page: Page, inum: number, count: number): Promise<ShownMap> {
  await page.selectOption('.bar select', String(inum))
  await page.waitForFunction(
    (ns) => document.querySelector<HTMLElement>('.map')?.dataset.ns === ns,
    String(inum),
  )
  await page.mouse.move(0, 0)
  await settled(page)
  const words = await page.innerText('.map .caption')
  const taken = (await page.textContent('.map .taken')) ?? ''
  const pixels = await page.evaluate((numbers) => {
    const canvas = document.querySelector('.map canvas') as HTMLCanvasElement
    const ink = canvas.getContext('2d') as CanvasRenderingContext2D
    const [columns = 1, k = 1, x = 0, y = 0] = (canvas.dataset.grid ?? '').split(' ').map(Number)
    const colors = getComputedStyle(document.documentElement)
    const hex = (px: number, py: number): string =>
      `#${[...ink.getImageData(px, py, 1, 1).data.subarray(0, 3)].map((n) => n.toString(16).padStart(2, '0')).join('')}`
    const frame = colors.getPropertyValue('--cursor').trim()
    const middles: string[] = []
    const framed: number[] = []
    for (let nr = 0; nr < numbers; nr++) {
      const [left, top] = [x + (nr % columns) * k, y + Math.floor(nr / columns) * k]
      middles.push(hex(Math.floor(left + k * 0.45), Math.floor(top + k * 0.45)))
      const isFrame = (px: number): boolean => hex(Math.round(px - 1), Math.floor(top + k / 2)) === frame
      if (isFrame(left) && isFrame(left + k)) framed.push(nr)
    }
    return { k, middles, framed, takenColor: colors.getPropertyValue('--taken').trim() }
  }, count)
  if (pixels.k < 6) throw new Error(`squares of ${pixels.k} pixels are too small to be told apart`)
  const [, lastPid, pidMax] = /last_pid (-?\d+), pid_max ([\d,]+)\./.exec(words) ?? []
  return {
    taken: rangesOf(taken),
    lastPid: Number(lastPid),
    pidMax: Number(pidMax?.replaceAll(',', '')),
    ...pixels,
  }
}

/** `Taken: 1 to 3, 7` as numbers. */
function rangesOf(text: string): number[] {
  const numbers: number[] = []
  for (const [, first, last = first] of text.matchAll(/(\d+)(?: to (\d+))?/g))
    for (let nr = Number(first); nr <= Number(last); nr++) numbers.push(nr)
  return numbers
}

export interface ShownHash {
  readonly count: number
  readonly buckets: number
  readonly used: number
  readonly longest: number
  /** By bucket: `number in namespace` each; those that the step took out are not among them. */
  readonly chains: ReadonlyMap<number, readonly string[]>
}

/** The tab must be open. */
export async function shownHash(page: Page): Promise<ShownHash> {
  const text = await page.innerText('.hash > p')
  const [count = 0, buckets = 0, used = 0, longest = 0] = (text.match(/\d+/g) ?? []).map(Number)
  const rows = await page.$$eval('.chains li', (items) =>
    items.map((item) => ({
      bucket: Number(item.querySelector('.bucket')?.textContent),
      text: [...item.querySelectorAll('.entry:not(.out)')].map((entry) => entry.textContent ?? ''),
    })),
  )
  const chains = new Map(
    rows.map(({ bucket, text }) => [bucket, text.map((entry) => entry.replace(/^in /, ''))]),
  )
  return { count, buckets, used, longest, chains }
}

/** By namespace: `leaf: count` each. */
export async function shownTrees(page: Page): Promise<Map<string, string[]>> {
  const rows = await page.$$eval('.trees > li', (items) =>
    items.map((item) => ({
      name: item.querySelector('b')?.textContent ?? '',
      leaves: [...item.querySelectorAll('li')].map((leaf) => leaf.textContent ?? ''),
    })),
  )
  const leafOf = (text: string): string => {
    const [, first, count] = /leaf for (\d+) to \d+: (\d+) in use/.exec(text) ?? []
    return `${Number(first) / 1024}: ${count}`
  }
  return new Map(rows.map(({ name, leaves }) => [name, leaves.map(leafOf)]))
}
