/*
 * The texts that the library began with, statement by statement: docs/seeds.md has a row for each, with the functions
 * that carry it and the test that proves it. The rows' tests are in the files imported here; the one in this file
 * finds rows, functions and tests that are missing.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import './seeds_allocating.ts'
import './seeds_freeing.ts'
import './seeds_lookup.ts'
import { tests } from './seeds_row.ts'

describe('docs/seeds.md', () => {
  it('has every row, each with functions that its files export and with the test of that name', async () => {
    const text = readFileSync(new URL('../../docs/seeds.md', import.meta.url), 'utf8')
    const rows = text.split('\n').flatMap((line) => {
      const cells = /^\| (\d+) \| (.+) \| (.+) \| (.+) \|$/.exec(line)
      return cells === null ? [] : [cells.slice(1) as [nr: string, says: string, ours: string, test: string]]
    })
    assert.deepEqual(
      rows.map(([nr]) => Number(nr)),
      Array.from({ length: 36 }, (_, i) => i + 1),
    )
    const problems: string[] = []
    for (const [nr, , ours, name] of rows) {
      const functions = [...ours.matchAll(/\[`(\w+)`\]\(\.\.\/src\/([\w/]+)\.ts\)/g)]
      if (functions.length === 0) problems.push(`row ${nr} names no function`)
      for (const [, exported = '', file] of functions) {
        const module: Record<string, unknown> = await import(`#internal/${file}.js`)
        if (module[exported] === undefined) problems.push(`row ${nr}: src/${file}.ts exports no ${exported}`)
      }
      if (!name.startsWith(`row ${nr}: `) || !tests.delete(name))
        problems.push(`row ${nr}: there is no test "${name}"`)
    }
    for (const name of tests) problems.push(`no row has the test "${name}"`)
    assert.deepEqual(problems, [])
  })
})
