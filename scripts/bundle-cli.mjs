// Bundles the command line, with the libraries it uses, into one executable file, and collects their licences beside it.
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const OUT = 'dist/cli'

await rm(OUT, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: { main: 'src/cli/main.ts' },
  outdir: OUT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Bundled CommonJS asks for Node's own modules through require, which an ES module lacks.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as pidnsCreateRequire } from 'node:module'\nconst require = pidnsCreateRequire(import.meta.url)",
  },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
})
await chmod(`${OUT}/main.js`, 0o755)

const folders = new Set()
for (const input of Object.keys(metafile.inputs)) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
  if (folder !== undefined) folders.add(folder)
}
const notices = []
for (const folder of [...folders].sort()) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file === undefined ? `Licence: ${license}` : (await readFile(`${folder}/${file}`, 'utf8')).trim()
  notices.push(`${name} ${version}\n\n${text}\n`)
}
await writeFile(`${OUT}/THIRD-PARTY-LICENSES.txt`, notices.join(`\n${'-'.repeat(80)}\n\n`))
