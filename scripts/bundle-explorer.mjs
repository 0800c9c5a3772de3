// Bundles the page into dist/explorer/index.html, if anything that it is made of is newer than the last time. Collects
// the licences of the libraries in it beside it.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const OUT = 'dist/explorer'
const STAMP = 'dist/explorer.tsbuildinfo'
/** What the page is made of. */
const FOLDERS = ['explorer', 'src', 'examples']
const FILES = ['docs/seeds.md', 'package-lock.json', 'scripts/bundle-explorer.mjs']
/** The libraries that are in the page. */
const LIBRARIES = /^(preact|@preact\/signals|@preact\/signals-core|d3-\w+|internmap)$/

const digest = await digestOfInputs()
const last = existsSync(STAMP) && existsSync(join(OUT, 'index.html')) ? await readFile(STAMP, 'utf8') : ''
if (last !== digest) {
  const { build } = await import('vite')
  await build({ configFile: 'explorer/vite.config.mjs', mode: 'production' })
  await writeFile(join(OUT, 'THIRD-PARTY-LICENSES.txt'), await licences())
  await writeFile(STAMP, digest)
}

async function digestOfInputs() {
  const hash = createHash('sha256')
  const found = [...FILES]
  for (const folder of FOLDERS) {
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (file.isFile()) found.push(join(file.parentPath, file.name))
  }
  for (const file of found.sort()) hash.update(`${file}\n`).update(await readFile(file))
  return hash.digest('hex')
}

async function licences() {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8'))
  const notices = []
  for (const folder of Object.keys(packages).sort()) {
    const name = folder.replace(/^.*node_modules\//, '')
    if (!LIBRARIES.test(name) || !existsSync(folder)) continue
    const { version, license } = packages[folder]
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
    const text =
      file === undefined ? `Licence: ${license}` : (await readFile(join(folder, file), 'utf8')).trim()
    notices.push(`${name} ${version}\n\n${text}\n`)
  }
  return notices.join(`\n${'-'.repeat(80)}\n\n`)
}
