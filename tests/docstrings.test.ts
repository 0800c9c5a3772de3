/*
 * The examples in doc comments: each compiles in a strict project, runs, and prints what it says.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileBlocks, docstringBlocks, expectedLines, filesBelow, runScript } from './doc_blocks.ts'

const blocks = filesBelow('src', '.ts').flatMap(docstringBlocks)

describe('examples in doc comments', () => {
  const { scripts, problems } = compileBlocks(blocks, 'docstrings')

  it('are TypeScript, and compile', () => {
    assert.deepEqual(
      blocks.filter(({ language }) => language !== 'ts').map(({ where }) => where),
      [],
    )
    assert.deepEqual(problems, [])
    assert.ok(blocks.length >= 6, `only ${blocks.length} were found`)
  })

  for (const { where, code } of blocks) {
    it(`prints what it says: ${where.replace(/:\d+$/, '')}, ${code.split('\n')[1]?.trim()}`, () => {
      const { status, stdout, stderr } = runScript(scripts.get(where) as string)
      assert.equal(stderr, '', where)
      assert.deepEqual(stdout.split('\n').slice(0, -1), expectedLines(code), where)
      assert.equal(status, 0, where)
    })
  }
})
