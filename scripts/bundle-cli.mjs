// Bundles the command line, with the libraries it uses: an executable file that reads the arguments, files that it loads
// for each command, and one for the thread that reads long logs. Collects the libraries' licences beside them.

import { existsSync } from 'node:fs'
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { build } from 'esbuild'

const OUT = 'dist/cli'

/** The library as it was built (flatten.mjs has made it faster), and only what is the command line's own from its source. */
const library = {
  name: 'library',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, importer }) => {
      const file = relative(resolve('src'), join(dirname(importer), path))
      const built = resolve('dist', file.replace(/\.ts$/, '.js'))
      return /^(cli|trace\/node)\//.test(file) || !existsSync(built) ? undefined : { path: built }
    })
  },
}

await rm(OUT, { recursive: true, force: true })
const common = {
  outdir: OUT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  plugins: [library],
  // Bundled CommonJS asks for Node's own modules through require, which an ES module lacks.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as pidnsCreateRequire } from 'node:module'\nconst require = pidnsCreateRequire(import.meta.url)",
  },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
}
// Apart: with the files shared between the two, calls from one into another would slow both.
const main = await build({ ...common, entryPoints: { main: 'src/cli/main.ts' }, splitting: true })
const worker = await build({
  ...common,
  entryPoints: { reader_worker: 'src/trace/node/reader_worker.ts' },
})
await chmod(`${OUT}/main.js`, 0o755)

const folders = new Set()
for (const input of Object.keys({ ...main.metafile.inputs, ...worker.metafile.inputs })) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
  if (folder !== undefined) folders.add(folder)
}
const notices = []
for (const folder of [...folders].sort()) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  const text =
    file === undefined ? `Licence: ${license}` : (await readFile(`${folder}/${file}`, 'utf8')).trim()
  notices.push(`${name} ${version}\n\n${text}\n`)
}
await writeFile(`${OUT}/THIRD-PARTY-LICENSES.txt`, notices.join(`\n${'-'.repeat(80)}\n\n`))
