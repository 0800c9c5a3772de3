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

const readText = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Rows about readers and writers at the same time. */
const AMONG_WORKERS = [11, 12, 20, 22, 29, 31, 32]

describe('docs/seeds.md', () => {
  it('has every row, each with functions that its files export and with the test of that name', async () => {
    const rows = readText('docs/seeds.md')
      .split('\n')
      .flatMap((line) => {
        const cells = /^\| (\d+) \| (.+) \| (.+) \| (.+) \|$/.exec(line)
        return cells === null
          ? []
          : [cells.slice(1) as [nr: string, says: string, ours: string, test: string]]
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

  it('has a test among workers of each row that is about them, and of all that say so', () => {
    const cells = /^\| (\d+) \| (.+) \| \[`([\w/.]+)`\]\(\.\.\/\3\) \|$/gm
    const rows = [...readText('docs/seeds.md').matchAll(cells)].map(([, nr, name, file]) => ({
      nr: Number(nr),
      name: name as string,
      file: file as string,
    }))
    assert.deepEqual(
      [...new Set(rows.map(({ nr }) => nr))].sort((a, b) => a - b),
      AMONG_WORKERS,
    )
    for (const { nr, name, file } of rows) {
      // Where a test is made for several tables its name goes on.
      const named = ["'", '`'].some((quote) => readText(file).includes(`test(${quote}${name}`))
      assert.ok(named, `row ${nr}: ${file} has no test "${name}"`)
    }
    for (const file of ['tests/shared_rcu.test.ts', 'tests/shared_grace.test.ts']) {
      for (const [, list = ''] of readText(file).matchAll(/test\(['`]rows? ([\d, ]+):/g)) {
        for (const nr of list.split(', ').map(Number))
          assert.ok(
            rows.some((row) => row.nr === nr && row.file === file),
            `${file} has a test of row ${nr}`,
          )
      }
    }
  })
})
