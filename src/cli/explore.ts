/**
 * `pidns explore`: serves the page, and the log that it is to show, on loopback.
 *
 * Invariant: only the machine's own browser gets an answer. A request whose Host is another name (a page that had its
 * name resolve to 127.0.0.1), or that another site's page makes, is refused.
 */
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'

export interface ExploreFlags {
  readonly port: number
}

const UNUSABLE = 2
const HOST = '127.0.0.1'
const ALLOWED_SITES = ['same-origin', 'none']

/** Serves until Ctrl-C. Returns the exit status where it cannot. */
export async function explore(path: string | undefined, { port }: ExploreFlags): Promise<number> {
  if (path !== undefined) {
    const trouble = unreadable(path)
    if (trouble !== undefined) return tell(trouble)
  }
  const page = readPage(path)
  if (page === undefined) return tell('the page is not there: npm run build makes it')
  const server = createServer((request, response) => answer(server, page, path, request, response))
  const trouble = await listen(server, port)
  if (trouble !== undefined) return tell(trouble)
  console.log(`http://${HOST}:${portOf(server)}/`)
  console.error('pidns explore: open this address in a browser; Ctrl-C ends it')
  await new Promise<void>((resolve) => {
    for (const sig of ['SIGINT', 'SIGTERM'] as const) process.once(sig, () => resolve())
  })
  server.closeAllConnections()
  server.close()
  return 0
}

function tell(text: string): number {
  console.error(`pidns explore: ${text}`)
  return UNUSABLE
}

function unreadable(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? undefined : `${path}: not a file`
  } catch (error) {
    return `${path}: ${reasonOf(error)}`
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'no such file'
  return code === 'EACCES' ? 'permission denied' : message
}

interface Page {
  readonly html: string
  /** What the page may do: its own script and style, by their hashes, and nothing of others. */
  readonly policy: string
}

/** The page, told which log there is. */
function readPage(path: string | undefined): Page | undefined {
  let html: string
  try {
    html = readFileSync(new URL('../explorer/index.html', import.meta.url), 'utf8')
  } catch {
    return undefined
  }
  const name = path === undefined ? '' : basename(path).replace(/[^\w.,+@ -]/g, '_')
  const meta = path === undefined ? '' : `<meta name="pidns-log" content="${name}">`
  const hashes = (tag: string): string =>
    [...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ')
  const policy = [
    "default-src 'none'",
    `script-src ${hashes('script')} blob:`,
    `style-src ${hashes('style')}`,
    'worker-src blob:',
    "connect-src 'self'",
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return { html: html.replace('<head>', () => `<head>${meta}`), policy }
}

/** Returns what is wrong, if the port cannot be had. */
function listen(server: Server, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(
        error.code === 'EADDRINUSE'
          ? `port ${port} is in use: another one is chosen without --port`
          : error.message,
      )
    })
    server.listen(port, HOST, () => resolve(undefined))
  })
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function answer(
  server: Server,
  page: Page,
  path: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const fault = faultOf(request, portOf(server))
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Security-Policy', page.policy)
  if (fault !== undefined) refuse(response, 403, fault)
  else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'only GET')
  else if (pathname === '/') {
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.end(page.html)
  } else if (pathname === '/log' && path !== undefined) sendLog(path, response)
  else refuse(response, 404, 'there is nothing here')
}

/** Why a request is none of this machine's own browser's. */
function faultOf({ headers }: IncomingMessage, port: number): string | undefined {
  const hosts = [`${HOST}:${port}`, `localhost:${port}`]
  if (!hosts.includes(headers.host ?? '')) return 'this server answers to its own name only'
  const { origin } = headers
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) return 'another site asks'
  const site = headers['sec-fetch-site']
  if (typeof site === 'string' && !ALLOWED_SITES.includes(site)) return 'another site asks'
  return undefined
}

function sendLog(path: string, response: ServerResponse): void {
  const stream = createReadStream(path)
  response.setHeader('Content-Type', 'application/octet-stream')
  stream.on('error', (error) => {
    if (response.headersSent) response.destroy()
    else refuse(response, 500, reasonOf(error))
  })
  stream.pipe(response)
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${why}\n`)
}
