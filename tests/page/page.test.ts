/* The explorer in a real browser: the five uses, from a server and from a disk, light and dark, narrow and wide. */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { SpanStart } from '#internal/trace/acts.js'
import type { LogItem, Start } from '#internal/trace/event.js'
import { readParts } from '#internal/trace/log_parts.js'
import { type LogStep, type Running, startRunning } from '#internal/trace/running.js'
import * as B from './browser.ts'
import * as D from './dom.ts'

const LEAKS = 'examples/leaks.strace'
const NESTED = 'examples/ns.jsonl'

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield readFileSync(path)
}

/** What the library has after each of these steps of a log, replayed here without the page. */
async function truthOf(path: string, steps: readonly number[]): Promise<Map<number, B.ShownTask[]>> {
  const truth = new Map<number, B.ShownTask[]>()
  let running: Running | undefined
  let step = 0
  const note = ({ kernel, root }: Running): void => {
    if (!steps.includes(step)) return
    const tasks = kernel
      .tasks()
      .filter((task) => root.tidOf(task) !== 0)
      .map((task) => ({
        numbers: task.nspid.slice(root.level).join(' '),
        state: task.state === 'S' && task.exiting ? 'E' : task.state,
      }))
    truth.set(
      step,
      tasks.sort((a, b) => (a.numbers < b.numbers ? -1 : 1)),
    )
  }
  const take = (item: LogItem): void => {
    if (running === undefined) running = startRunning(item as Start | SpanStart, {})
    else {
      running.take(item as LogStep)
      step++
    }
    note(running)
  }
  for await (const part of readParts(bytesOf(path))) part.play(take, () => false)
  assert.deepEqual(running?.kernel.check(), [])
  running?.dispose()
  return truth
}

const LOOKS: readonly (B.Look & { readonly name: string })[] = [
  { name: 'wide-light', width: 1440, height: 900, theme: 'light' },
  { name: 'wide-dark', width: 1440, height: 900, theme: 'dark' },
  { name: 'narrow-light', width: 360, height: 740, theme: 'light' },
  { name: 'narrow-dark', width: 360, height: 740, theme: 'dark' },
]

describe('the explorer', { skip: B.missing }, () => {
  let browser: Browser
  let served: B.Served
  const faults: string[] = []

  before(async () => {
    browser = await B.launch()
    served = await B.serve(LEAKS)
  })
  after(async () => {
    await served.stop()
    await browser.close()
  })

  async function withPage(url: string, look: B.Look, use: (page: Page) => Promise<void>): Promise<void> {
    const page = await B.openPage(browser, url, look, faults)
    try {
      await use(page)
    } finally {
      await page.context().close()
    }
    assert.deepEqual(faults, [])
  }

  async function tab(page: Page, name: string): Promise<void> {
    await page.click(`#tab-${name}`)
  }

  for (const look of LOOKS) {
    const isNarrow = look.width < 900
    for (const from of ['served', 'disk'] as const) {
      it(`${from}, ${look.name}: opens, looks, moves, asks and learns`, async () => {
        const base = from === 'served' ? served.address : B.FROM_DISK
        const start = from === 'served' ? base : `${base}#open=example:leaks`
        await withPage(start, look, async (page) => {
          await page.waitForSelector('.event code:not(:empty)')
          const first = await B.stepOf(page)
          const truth = await truthOf(LEAKS, [first, first + 1, first + 2])
          if (isNarrow) await tab(page, 'processes')
          assert.deepEqual(await B.shownTasks(page), truth.get(first))

          // Where a tab has the focus, the arrows go from tab to tab.
          await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
          await page.keyboard.press('ArrowRight')
          await page.click('[aria-label="One step forward"]')
          await B.showsStep(page, first + 2)
          assert.deepEqual(await B.shownTasks(page), truth.get(first + 2))
          await page.click('[aria-label="One step back"]')
          await B.showsStep(page, first + 1)
          assert.deepEqual(await B.shownTasks(page), truth.get(first + 1))
          assert.deepEqual(await B.seriousFindings(page), [])
          await B.shoot(page, `${from}-${look.name}-processes`)

          await page.fill('.step-of input', '494')
          await page.press('.step-of input', 'Enter')
          await B.showsStep(page, 494)
          for (const name of isNarrow
            ? ['map', 'steps', 'hash', 'findings']
            : ['steps', 'hash', 'findings']) {
            await tab(page, name)
            await page.waitForSelector(`#panel-${name}`)
            if (from === 'disk') assert.deepEqual(await B.seriousFindings(page), [], name)
            await B.shoot(page, `${from}-${look.name}-${name}`)
          }

          await tab(page, 'ask')
          await page.fill('.ask input', '15')
          await page.click('.ask [type=submit]')
          await page.waitForSelector('.life')
          assert.match(await page.innerText('.life'), /ended with status 3/)
          if (from === 'disk') assert.deepEqual(await B.seriousFindings(page), [])
          await page.waitForFunction(() => location.hash.includes('who='))
          assert.match(page.url(), /step=494/)
        })
      })
    }

    it(`${look.name}: the six stories are told to their ends`, async () => {
      await withPage(B.FROM_DISK, look, async (page) => {
        const titles = await page.$$eval('.cards', ([stories]) =>
          [...(stories?.querySelectorAll('b') ?? [])].map((title) => title.textContent ?? ''),
        )
        assert.equal(titles.length, 6)
        assert.deepEqual(await B.seriousFindings(page), [])
        for (const title of titles) {
          await page.click(`.cards button:has-text("${title}")`)
          await page.waitForSelector('.story')
          for (let step = 0; (await page.$('.story-nav .main:has-text("Next")')) !== null; step++) {
            await B.showsStep(page, step)
            await page.click('.story-nav .main')
            await B.showsStep(page, step + 1)
          }
          await page.click('.story-nav .main')
          await page.waitForSelector('.start')
        }
      })
    })
  }

  it('shows the same processes as the library, step by step, forward and back', async () => {
    const steps = Array.from({ length: 24 }, (_, i) => 1 + i * 17)
    const truth = await truthOf(NESTED, steps)
    // So high that every row is in sight: only those are in the DOM.
    const look = { width: 1440, height: 3600, theme: 'light' } as const
    await withPage(`${B.FROM_DISK}#open=example:ns&step=1`, look, async (page) => {
      for (const step of [...steps, ...steps.toReversed()]) {
        await page.fill('.step-of input', String(step))
        await page.press('.step-of input', 'Enter')
        await B.showsStep(page, step)
        assert.deepEqual(await B.shownTasks(page), truth.get(step), `step ${step}`)
      }
    })
  })

  it('makes the picture of the README', async () => {
    const look = { width: 1280, height: 760, theme: 'light' } as const
    await withPage(`${B.FROM_DISK}#open=story:init-death&step=3`, look, async (page) => {
      await B.showsStep(page, 3)
      assert.equal(await page.getAttribute('[data-numbers="2 1"]', 'data-state'), 'E')
      assert.equal(await page.getAttribute('[data-numbers="6 4"]', 'data-state'), 'Z')
      await B.shoot(page, 'readme')
    })
    if (process.env.WRITE_PICTURE === '1') copyFileSync(join(B.SHOTS, 'readme.png'), 'docs/explorer.png')
  })

  it('has its colours before anything is painted, and follows the system until others are chosen', async () => {
    for (const theme of ['light', 'dark'] as const) {
      const other = theme === 'dark' ? 'light' : 'dark'
      const context = await browser.newContext({ colorScheme: theme })
      const page = await context.newPage()
      // Told by the page itself, as its body comes: nothing can have been painted before.
      await page.addInitScript(() => {
        const observer = new MutationObserver(() => {
          if (document.body === null) return
          observer.disconnect()
          Object.assign(window, { firstTheme: document.documentElement.dataset.theme })
        })
        observer.observe(document, { childList: true, subtree: true })
      })
      await page.goto(served.address)
      assert.equal(await page.evaluate('firstTheme'), theme)
      const ground = (): Promise<string> =>
        page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      const first = await ground()
      await page.emulateMedia({ colorScheme: other })
      await page.waitForFunction((name) => document.documentElement.dataset.theme === name, other)
      assert.notEqual(await ground(), first)
      await page.click(`[aria-label="${theme === 'dark' ? 'Dark' : 'Light'} colours"]`)
      assert.equal(await ground(), first)
      await page.emulateMedia({ colorScheme: theme })
      await page.emulateMedia({ colorScheme: other })
      await D.settled(page)
      assert.equal(await ground(), first)
      await context.close()
    }
  })

  it('goes far on the timeline by its keys, and tells them', async () => {
    await withPage(`${B.FROM_DISK}#open=example:leaks&step=445`, LOOKS[0] as B.Look, async (page) => {
      await B.showsStep(page, 445)
      const timeline = page.getByRole('slider', { name: 'Timeline' })
      await timeline.focus()
      const findings = [146, 308, 494, 596, 769]
      for (const [key, step] of [
        ['ArrowRight', 450],
        ['ArrowLeft', 445],
        ['PageDown', 534],
        ['PageUp', 445],
        ['Home', 0],
        ['End', 890],
        ['Home', 0],
        ...findings.map((step) => ['ArrowDown', step] as const),
        ['ArrowUp', 596],
      ] as const) {
        await page.keyboard.press(key)
        await B.showsStep(page, step)
        assert.equal(await timeline.getAttribute('aria-valuenow'), String(step))
        assert.match(
          (await timeline.getAttribute('aria-valuetext')) ?? '',
          new RegExp(`^step ${step} of 890`),
        )
      }
      assert.equal(await timeline.getAttribute('aria-valuetext'), 'step 596 of 890, 1 finding')
      await page.keyboard.press('?')
      assert.match(await page.innerText('dialog[open]'), /On the timeline/)
      assert.deepEqual(await B.seriousFindings(page), [])
      await page.keyboard.press('Escape')
      await page.waitForSelector('dialog[open]', { state: 'hidden' })
    })
  })

  it('reads a log once more to find its numbers by radix trees', async () => {
    await withPage(
      `${B.FROM_DISK}#open=example:leaks&step=494&view=hash`,
      LOOKS[0] as B.Look,
      async (page) => {
        await page.waitForSelector('.strip')
        await page.click('.choice label:has-text("radix tree")')
        await page.waitForSelector('.trees')
        await B.showsStep(page, 494)
        await page.waitForFunction(() => location.hash.includes('find=tree'))
        await page.click('.choice label:has-text("hash")')
        await page.waitForSelector('.strip')
      },
    )
  })

  it('says what is wrong with a file in the words of the command line', async () => {
    await withPage(B.FROM_DISK, LOOKS[0] as B.Look, async (page) => {
      await page.setInputFiles('input[type=file]', {
        name: 'bad.txt',
        mimeType: '',
        buffer: Buffer.from('hello\n'),
      })
      await page.waitForSelector('.trouble')
      assert.match(
        await page.innerText('.trouble'),
        /^bad\.txt:1: expected the header of a recording, .*a line of strace or of ftrace, got "hello"/,
      )
    })
  })
})
