/*
 * The library in Chromium: `pidns` on a page, `pidns/shared` on a page and in its workers. What runs there is in tests/browser/.
 */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findChromium } from './chromium.ts'

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}
const HTML = (script: string): string =>
  `<!doctype html><title>pidns</title><script type="module" src="${script}"></script>`
/** Nothing here lasts a tenth of it. */
const TIMEOUT_MS = 60_000

const path = findChromium()

describe('in Chromium', {
  skip: path === undefined && 'no Chromium: apt-get install chromium',
  timeout: 2 * TIMEOUT_MS,
}, () => {
  let server: Server
  let browser: Browser

  before(async () => {
    const files = await bundles()
    server = createServer(({ url = '/' }, response) => {
      const name = url.slice(1)
      const script = files.get(name)
      const isPage = files.has(`${name}.js`)
      response.writeHead(isPage || script !== undefined ? 200 : 404, {
        'Content-Type': isPage ? 'text/html' : 'text/javascript',
        ...(name !== 'plain' && ISOLATED),
      })
      response.end(isPage ? HTML(`/${name}.js`) : script)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    browser = await chromium.launch({
      executablePath: path as string,
      // CI runs as root, where the sandbox does not; and containers have little /dev/shm.
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
      timeout: TIMEOUT_MS,
    })
  })

  after(async () => {
    await browser?.close()
    server?.close()
  })

  /** What a function of a page saw; an error on the page, or in a worker of it, fails the test. */
  async function ask(name: string, call: string): Promise<Record<string, unknown>> {
    const page: Page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    page.setDefaultTimeout(TIMEOUT_MS)
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`)
    assert.equal(await page.evaluate('crossOriginIsolated'), name !== 'plain')
    const seen = await page.evaluate(call)
    await page.close()
    // The browser asks for an icon.
    assert.deepEqual(
      errors.filter((error) => !error.includes('404')),
      [],
    )
    return seen as Record<string, unknown>
  }

  it('pidns runs on a page that has no shared memory', async () => {
    assert.deepEqual(await ask('plain', 'family()'), {
      numbers: [2, 3],
      names: ['self', 'thread-self', '1', '2', '3'],
      end: { pid: 2, status: 9, signal: 'SIGKILL' },
      isolated: false,
      check: [],
    })
  })

  it('a page and two workers share a kernel: fork, exit, wait and kill, each seen by the others', async () => {
    assert.deepEqual(await ask('page', 'family()'), { codes: [3, 3], problems: [], left: 1, check: [] })
  })

  it('a worker is terminated at a random moment: the Web Lock that it held tells the others, who go on', async () => {
    assert.deepEqual(await ask('page', 'terminate(5)'), { problems: [], check: [] })
  })

  it('a call waits a second for a call that does not return, a promise until its worker is known to have ended', async () => {
    const { waited, ...seen } = await ask('page', 'hang()')
    assert.ok(Number(waited) >= 1000, `${waited} ms`)
    assert.deepEqual(seen, {
      isInside: true,
      call: 'EDEADLK',
      early: 'nothing yet',
      end: { pid: 2, status: 9, signal: 'SIGKILL' },
      orphan: { pid: 3, status: 9, signal: 'SIGKILL' },
      left: 1,
      check: [],
    })
  })
})

/** Each script by its name, with the library in it as a bundler takes it for a browser. */
async function bundles(): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: ['plain', 'page', 'worker'].map((name) => `tests/browser/${name}.ts`),
    outdir: '/',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  })
  return new Map(outputFiles.map(({ path, text }) => [path.replace(/^.*[\\/]/, ''), text]))
}
