/*
 * The cases of the public test suites, of the man pages, and of what a running kernel was seen to do. The tables are in
 * cases/; each case boots its own kernel and names its source. cases/not_modelled.ts has what is left out, and why.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Kernel } from 'pidns'
import { CASES, GROUPS } from './cases/all.ts'
import { NOT_MODELLED } from './cases/not_modelled.ts'

const SMALL = { maxPids: 256, maxNamespaces: 64 }

for (const lookup of ['hash', 'idr'] as const) {
  for (const [group, cases] of Object.entries(GROUPS)) {
    describe(`cases of ${group}, numbers found by ${lookup}`, () => {
      for (const { source, name, boot, run } of cases) {
        it(`${source}: ${name}`, async () => {
          const kernel = Kernel.boot({ ...SMALL, lookup, ...boot })
          await run(kernel)
          assert.deepEqual(kernel.check(), [])
        })
      }
    })
  }
}

describe('cases', () => {
  it('are 150 at least, each with a name of its own', () => {
    assert.ok(CASES.length >= 150, `${CASES.length}`)
    const names = CASES.map(({ source, name }) => `${source}: ${name}`)
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    )
  })

  it('that are left out say why, once each', () => {
    const sources = NOT_MODELLED.flatMap(({ sources: them }) => them)
    assert.equal(new Set(sources).size, sources.length)
    for (const { why, sources: them } of NOT_MODELLED) assert.ok(why !== '' && them.length > 0)
  })
})
