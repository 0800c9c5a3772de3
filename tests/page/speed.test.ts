/* How fast the page is, printed beside its limits: seeks in a log of a million events, frames with ten thousand processes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import * as B from './browser.ts'
import { crowdLog } from './crowd.ts'
import { randomFrom } from './random.ts'
import * as T from './timing.ts'

const LINES = 1_000_000
const SEEKS = 60
const SEEK_MS = 100
const PROCESSES = 10_000
const FRAMES = 120
const FRAME_MS = 50
const SLACK = 5
const LOOK = { width: 1440, height: 900, theme: 'light' } as const

describe('the speed of the explorer', { skip: B.missing }, () => {
  let browser: Browser
  let folder: string
  const faults: string[] = []

  before(async () => {
    browser = await B.launch()
    folder = mkdtempSync(join(tmpdir(), 'pidns-page-'))
  })
  after(async () => {
    await browser.close()
    rmSync(folder, { recursive: true })
  })

  async function withLog(path: string, use: (page: Page) => Promise<void>): Promise<void> {
    const served = await B.serve(path)
    const page = await B.openPage(browser, served.address, LOOK, faults)
    try {
      await page.waitForSelector('.event code:not(:empty)', { timeout: 300_000 })
      await T.prepare(page)
      await use(page)
    } finally {
      await page.context().close()
      await served.stop()
    }
    assert.deepEqual(faults, [])
  }

  /** Prints what was measured. The limit is a quiet machine's: a test may be run on any, and fails where it is another order. */
  function hold(t: TestContext, what: string, times: T.Times, limit: number): void {
    t.diagnostic(`${T.tell(what, times)}; limit ${limit} ms`)
    const median = T.percentile(times.ms, 50)
    assert.ok(
      median <= SLACK * limit,
      `${what}: median ${median.toFixed(1)} ms, ${SLACK} times ${limit} ms at most`,
    )
  }

  it(`goes anywhere in ${LINES.toLocaleString('en-US')} events within ${SEEK_MS} ms`, async (t) => {
    const log = join(folder, 'million.strace')
    execFileSync(process.execPath, ['out/bench/strace_log.js', log, String(LINES)])
    const started = performance.now()
    await withLog(log, async (page) => {
      t.diagnostic(`opened in ${((performance.now() - started) / 1000).toFixed(1)} s`)
      const steps = Number((await page.innerText('#steps')).replaceAll(',', ''))
      assert.ok(steps > LINES)
      const random = randomFrom(1)
      const places = Array.from({ length: SEEKS }, () => random(steps + 1))
      hold(t, 'seek anywhere', await T.timeSeeks(page, places), SEEK_MS)
      const near = places.slice(0, 10).flatMap((step) => [step, step + 1, step, step - 1].slice(1))
      hold(t, 'a step forward or back', await T.timeSeeks(page, near), SEEK_MS)
    })
  })

  it(`draws ${PROCESSES} processes and a map of four million bits`, async (t) => {
    const log = join(folder, 'crowd.strace')
    writeFileSync(log, crowdLog(PROCESSES, 200))
    await withLog(log, async (page) => {
      assert.equal(await page.innerText('.tree-head-rest'), '10,001 processes, 1 namespace')
      await page.click('.bar button:has-text("All 4,194,304")')
      for (const act of ['scroll', 'zoom', 'step'] as const)
        hold(t, `frames, ${act}`, await T.timeFrames(page, act, FRAMES), FRAME_MS)
      const steps = Number((await page.innerText('#steps')).replaceAll(',', ''))
      const random = randomFrom(2)
      const places = Array.from({ length: 20 }, () => random(steps + 1))
      hold(t, 'seek anywhere', await T.timeSeeks(page, places), SEEK_MS)
      await B.shoot(page, 'crowd')
    })
  })
})
