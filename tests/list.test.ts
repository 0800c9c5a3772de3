/* Circular lists, against plain arrays. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  initListHead,
  LIST_WORDS,
  listAddTail,
  listDelInit,
  listEmpty,
  listNext,
  listReplaceInit,
  listSpliceTailInit,
} from '#internal/lib/list.js'

/** Two heads and ten nodes. */
const HEADS = [2, 4] as const
const NODES = Array.from({ length: 10 }, (_, i) => 10 + i * LIST_WORDS)

const newWords = (): Int32Array => {
  const words = new Int32Array(40)
  for (const at of [...HEADS, ...NODES]) initListHead(words, at)
  return words
}

/** What is on the list, forwards; each `prev` must lead back. */
const contents = (words: Int32Array, head: number): number[] => {
  const nodes: number[] = []
  let before = head
  for (let at = listNext(words, head); at !== head; at = listNext(words, at)) {
    assert.equal(words[at + 1], before)
    before = at
    nodes.push(at)
  }
  assert.equal(words[head + 1], before)
  return nodes
}

describe('list', () => {
  it('replaces a node that is on no list by one that is on none either', () => {
    const words = newWords()
    const [node, other] = NODES as unknown as [number, number]
    listReplaceInit(words, node, other)
    assert.equal(listNext(words, node), node)
    assert.equal(listNext(words, other), other)
  })

  it('equals an array after any additions, removals, replacements and splices', () => {
    const node = fc.constantFrom(...NODES)
    const step = fc.record({
      kind: fc.constantFrom('add', 'del', 'replace', 'splice'),
      list: fc.nat({ max: 1 }),
      node,
      other: node,
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const words = newWords()
        const truth: [number[], number[]] = [[], []]
        const listOf = (at: number): number[] | undefined => truth.find((list) => list.includes(at))
        for (const { kind, list, node: at, other } of steps) {
          const [mine, from] = [truth[list], truth[1 - list]] as [number[], number[]]
          const holder = listOf(at)
          if (kind === 'add' && holder === undefined) {
            listAddTail(words, at, HEADS[list] as number)
            mine.push(at)
          } else if (kind === 'del') {
            listDelInit(words, at)
            holder?.splice(holder.indexOf(at), 1)
          } else if (kind === 'replace' && holder !== undefined && listOf(other) === undefined) {
            listReplaceInit(words, at, other)
            holder[holder.indexOf(at)] = other
          } else if (kind === 'splice') {
            listSpliceTailInit(words, HEADS[1 - list] as number, HEADS[list] as number)
            mine.push(...from.splice(0))
          }
          HEADS.forEach((head, i) => {
            assert.deepEqual(contents(words, head), truth[i])
            assert.equal(listEmpty(words, head), truth[i]?.length === 0)
          })
          for (const one of NODES)
            if (listOf(one) === undefined) assert.ok(listEmpty(words, one), 'a node on no list')
        }
      }),
    )
  })
})
