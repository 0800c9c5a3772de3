/* What the page shows at a step is what the library has there: the library of this Node, which replays the log by itself. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import * as B from './browser.ts'
import * as D from './dom.ts'
import type { Lookup } from './engine.ts'
import { type Truth, truthOf } from './truth.ts'

const FIRST_INUM = 0xf0000000
/** So high that every row of the tree is in sight: only those are in the DOM. */
const LOOK = { width: 1440, height: 3600, theme: 'light' } as const

describe('what the page shows', { skip: B.missing }, () => {
  let browser: Browser
  const faults: string[] = []
  before(async () => {
    browser = await B.launch()
  })
  after(async () => {
    await browser.close()
  })

  for (const [example, level, steps] of [
    ['leaks.strace', 1, [1, 5, 60, 147, 300, 494, 776, 889]],
    ['ns.jsonl', 1, [1, 9, 77, 112, 150, 248, 299, 400]],
  ] as const) {
    for (const lookup of ['hash', 'idr'] as const) {
      it(`${example}, ${lookup}: tree, maps and lookup are those of the library, forward and back`, async () => {
        const truth = await truthOf(`examples/${example}`, lookup, steps)
        const place = `#open=example:${example.replace(/\..*/, '')}&step=1&view=hash`
        const page = await B.openPage(
          browser,
          `${B.FROM_DISK}${place}${lookup === 'idr' ? '&find=tree' : ''}`,
          LOOK,
          faults,
        )
        await page.waitForSelector('#panel-hash')
        for (const step of [...steps, ...steps.toReversed()]) {
          await page.fill('.step-of input', String(step))
          await page.press('.step-of input', 'Enter')
          await B.showsStep(page, step)
          await D.settled(page)
          await compare(page, truth.get(step) as Truth, lookup, level)
        }
        await page.context().close()
        assert.deepEqual(faults, [])
      })
    }
  }
})

async function compare(page: Page, truth: Truth, lookup: Lookup, level: number): Promise<void> {
  assert.deepEqual(await D.shownRows(page), truth.rows)
  const headings = await D.shownHeadings(page)
  for (const { inum, hashed, lastPid } of truth.namespaces)
    assert.deepEqual(headings.get(inum), { hashed, lastPid })
  // The outermost, and the one that was made last.
  const spaces = truth.namespaces.toSorted((a, b) => a.inum - b.inum)
  for (const space of new Set([spaces[0], spaces.at(-1)]))
    if (space !== undefined) await compareMap(page, space)
  const nameOf = (inum: number): string => {
    const nr = (inum < FIRST_INUM ? 0 : inum - FIRST_INUM + 1) - level
    return nr < 0 ? 'outside' : `N${nr}`
  }
  if (lookup === 'hash') await compareHash(page, truth, nameOf)
  else {
    const trees = [...truth.trees].map(([inum, leaves]) => [nameOf(inum), leaves] as const)
    assert.deepEqual(await D.shownTrees(page), new Map(trees))
  }
}

async function compareMap(
  page: Page,
  { inum, taken, lastPid, pidMax }: Truth['namespaces'][number],
): Promise<void> {
  const count = Math.min(pidMax, lastPid + 40)
  const shown = await D.shownMap(page, inum, count)
  assert.deepEqual([shown.taken, shown.lastPid, shown.pidMax], [taken, lastPid, pidMax])
  const drawn = shown.middles.flatMap((color, nr) => (color === shown.takenColor ? [nr] : []))
  assert.deepEqual(
    drawn,
    taken.filter((nr) => nr < count),
  )
  assert.deepEqual(shown.framed, lastPid < 0 ? [] : [lastPid])
}

async function compareHash(page: Page, truth: Truth, nameOf: (inum: number) => string): Promise<void> {
  const shown = await D.shownHash(page)
  const chains = [...truth.chains.values()]
  assert.deepEqual(
    { count: shown.count, buckets: shown.buckets, used: shown.used, longest: shown.longest },
    {
      count: chains.reduce((sum, chain) => sum + chain.length, 0),
      buckets: truth.buckets,
      used: chains.length,
      longest: Math.max(...chains.map((chain) => chain.length)),
    },
  )
  const namesOf = (chain: readonly string[]): string[] =>
    chain.map((entry) => {
      const [nr, inum] = entry.split(' ')
      return `${nr} in ${nameOf(Number(inum))}`
    })
  for (const [bucket, entries] of shown.chains)
    assert.deepEqual(
      entries.map((entry) => entry.replace('→ ', '')),
      namesOf(truth.chains.get(bucket) ?? []),
      `bucket ${bucket}`,
    )
  // Each chain that is more than one number is there, and any other one for the asking.
  for (const [bucket, chain] of truth.chains)
    assert.ok(chain.length === 1 || shown.chains.has(bucket), `bucket ${bucket}`)
  const [bucket, chain] = [...truth.chains].find(([nr]) => !shown.chains.has(nr)) ?? []
  if (bucket === undefined) return
  await page.fill('.hash .inline input', String(bucket))
  await page.waitForSelector(`.chains .bucket:text-is("${bucket}")`)
  assert.deepEqual((await D.shownHash(page)).chains.get(bucket), namesOf(chain ?? []))
}
