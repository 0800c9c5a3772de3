// Resolves the modules of the library to those of the shared build (see shared.mjs).
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PLAIN = new URL('../dist/', import.meta.url).href
const SHARED = new URL('shared/', PLAIN).href

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  if (!resolved.url.startsWith(PLAIN) || resolved.url.startsWith(SHARED)) return resolved
  const url = SHARED + resolved.url.slice(PLAIN.length)
  return existsSync(fileURLToPath(url)) ? { ...resolved, url } : resolved
}
