/* `pidns explore`: who gets an answer, and what it says where it cannot serve. The page itself: tests/page. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'

const CLI = 'dist/cli/main.js'
const LOG = 'examples/basic.jsonl'

interface Served {
  readonly port: number
  /** Ctrl-C; resolves with the exit status. */
  stop(): Promise<number | null>
}

function serve(...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [CLI, 'explore', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  return new Promise((done, fail) => {
    let text = ''
    child.once('exit', () => fail(new Error('it ended')))
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const port = /^http:\/\/127\.0\.0\.1:(\d+)\/\n/.exec(text)?.[1]
      if (port === undefined) return
      const stop = async (): Promise<number | null> => {
        child.kill('SIGINT')
        return await ended
      }
      done({ port: Number(port), stop })
    })
  })
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  const all = { host: `127.0.0.1:${port}`, ...headers }
  return new Promise((done, fail) => {
    request({ host: '127.0.0.1', port, path, method, headers: all }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
      .on('error', fail)
      .end()
  })
}

describe('pidns explore', () => {
  it('answers to its own name only, and to no other site', async () => {
    const { port, stop } = await serve()
    assert.equal((await get(port, '/')).status, 200)
    assert.equal((await get(port, '/', { host: `localhost:${port}` })).status, 200)
    assert.equal((await get(port, '/', { host: `evil.example:${port}` })).status, 403)
    assert.equal((await get(port, '/', { host: '127.0.0.1:1' })).status, 403)
    assert.equal((await get(port, '/', { origin: 'http://evil.example' })).status, 403)
    assert.equal((await get(port, '/log', { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.equal((await get(port, '/log')).status, 404)
    assert.equal((await get(port, '/../package.json')).status, 404)
    assert.equal((await get(port, '/', {}, 'POST')).status, 405)
    assert.equal(await stop(), 0)
  })

  it('lets nothing but its own script run, and gives out the log that it was started with', async () => {
    const { port, stop } = await serve(LOG)
    const { headers, text } = await get(port, '/')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
    assert.equal(headers['cross-origin-embedder-policy'], 'require-corp')
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none'; script-src ('sha256-[^']+' ){2}blob:;/,
    )
    assert.match(text, /<meta name="pidns-log" content="basic\.jsonl">/)
    assert.match((await get(port, '/log')).text, /^\{"recorder":/)
    assert.equal(await stop(), 0)
  })

  it('says in one line what it cannot do, and exits with 2', async () => {
    const busy = createServer()
    await new Promise<void>((done) => busy.listen(0, '127.0.0.1', () => done()))
    const { port } = busy.address() as AddressInfo
    const cases: readonly (readonly [args: string[], told: RegExp])[] = [
      [['no-such-file'], /^pidns explore: no-such-file: no such file\n$/],
      [['src'], /^pidns explore: src: not a file\n$/],
      [['--port', '70000'], /^error: option '--port <n>' argument '70000' is invalid\. .*\n$/],
      [['--port', String(port)], /^pidns explore: port \d+ is in use: .*\n$/],
    ]
    for (const [args, told] of cases) {
      const { status, stderr, stdout } = spawnSync(process.execPath, [CLI, 'explore', ...args], {
        encoding: 'utf8',
      })
      assert.match(stderr, told)
      assert.equal(stdout, '')
      assert.equal(status, 2)
    }
    busy.close()
  })
})
