/** Debian's Chromium, the page served and from a disk, and what its tests ask of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
)
export const SHOTS = resolve('out/page')
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What keeps the tests from running here, if anything does. */
export const missing: string | false =
  CHROMIUM === undefined ? 'no Chromium: apt-get install chromium' : false

if (missing !== false && process.env.CI === 'true') throw new Error(missing)

export async function launch(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true })
  return await chromium.launch({
    executablePath: CHROMIUM as string,
    args: ['--no-sandbox', '--disable-gpu'],
  })
}

export const FROM_DISK: string = pathToFileURL(resolve('dist/explorer/index.html')).href

export interface Served {
  readonly address: string
  readonly port: number
  stop(): Promise<void>
}

/** `pidns explore` as a person runs it. */
export async function serve(...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'explore', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const address = await firstLine(child)
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  return {
    address,
    port: Number(new URL(address).port),
    async stop() {
      child.kill('SIGINT')
      await ended
    },
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = ''
    child.once('exit', (code) => fail(new Error(`pidns explore ended with ${code}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('\n')) done(text.slice(0, text.indexOf('\n')))
    })
  })
}

export interface Look {
  readonly width: number
  readonly height: number
  readonly theme: 'light' | 'dark'
}

/** A page in which nothing may go wrong unseen, and that may ask nothing but its server. */
export async function openPage(browser: Browser, url: string, look: Look, faults: string[]): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const origin = new URL(url).origin
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  page.on('request', (request) => {
    const asked = request.url()
    if (!/^(blob|data):/.test(asked) && asked !== url.replace(/#.*/, '') && !asked.startsWith(`${origin}/`))
      faults.push(`the page asked for ${asked}`)
  })
  await page.goto(url)
  return page
}

/** Waits until the page shows this step. */
export async function showsStep(page: Page, step: number): Promise<void> {
  await page.waitForFunction((wanted) => document.documentElement.dataset.step === String(wanted), step)
}

export async function stepOf(page: Page): Promise<number> {
  return Number(await page.evaluate(() => document.documentElement.dataset.step))
}

export interface ShownTask {
  readonly numbers: string
  readonly state: string
}

/** The processes as they stand in the DOM. */
export async function shownTasks(page: Page): Promise<ShownTask[]> {
  const tasks = await page.$$eval('[role=treeitem][data-numbers]', (rows) =>
    rows.map((row) => ({
      numbers: (row as HTMLElement).dataset.numbers ?? '',
      state: (row as HTMLElement).dataset.state ?? '',
    })),
  )
  return tasks.sort((a, b) => (a.numbers < b.numbers ? -1 : 1))
}

/** What axe-core finds that is serious, in words. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // By the debugger, which the page's policy does not bind.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(readFileSync(AXE, 'utf8'))
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<AxeResult> } }
    const { violations } = await axe.run()
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
      )
  })
  return found
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
  }[]
}

export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) })
}
