/* Hash chains that are read while they change. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  HLIST_NODE_WORDS,
  hlistAddHeadRcu,
  hlistDelRcu,
  hlistFirstRcu,
  hlistHashed,
  hlistNextRcu,
  hlistReplaceRcu,
  LIST_POISON2,
} from '#internal/sync/hlist.js'

const HEAD = 1
const NODES = Array.from({ length: 8 }, (_, i) => 10 + i * HLIST_NODE_WORDS)

/** The chain from `node` on; each `pprev` must name the word that leads to its node. */
const chain = (words: Int32Array, from = HEAD): number[] => {
  const nodes: number[] = []
  let pprev = from
  for (let node = hlistFirstRcu(words, from); node !== 0; node = hlistNextRcu(words, node)) {
    assert.equal(words[node + 1], pprev)
    pprev = node
    nodes.push(node)
  }
  return nodes
}

const walk = (words: Int32Array, node: number): number[] =>
  node === 0 ? [] : [node, ...walk(words, hlistNextRcu(words, node))]

describe('hlist', () => {
  it('equals an array after any additions, removals and replacements', () => {
    const node = fc.constantFrom(...NODES)
    const step = fc.record({ kind: fc.constantFrom('add', 'del', 'replace'), node, other: node })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const words = new Int32Array(40)
        const truth: number[] = []
        for (const { kind, node: at, other } of steps) {
          const place = truth.indexOf(at)
          if (kind === 'add' && place === -1) {
            hlistAddHeadRcu(words, at, HEAD)
            truth.unshift(at)
          } else if (kind === 'del' && place !== -1) {
            hlistDelRcu(words, at)
            truth.splice(place, 1)
          } else if (kind === 'replace' && place !== -1 && !truth.includes(other)) {
            hlistReplaceRcu(words, at, other)
            truth[place] = other
          }
          assert.deepEqual(chain(words), truth)
          for (const one of NODES) assert.equal(hlistHashed(words, one), truth.includes(one))
        }
      }),
    )
  })

  it('lets a reader on a node that is deleted, or replaced, go on to the rest', () => {
    const words = new Int32Array(40)
    const [a, b, c, d] = NODES as [number, number, number, number]
    for (const node of [a, b, c]) hlistAddHeadRcu(words, node, HEAD)
    hlistDelRcu(words, c)
    assert.deepEqual(walk(words, c), [c, b, a])
    hlistReplaceRcu(words, b, d)
    assert.deepEqual(walk(words, b), [b, a])
    assert.deepEqual(
      [walk(words, c), chain(words)],
      [
        [c, b, a],
        [d, a],
      ],
    )
  })

  it('marks a node that was taken out, so that it counts as on no chain', () => {
    const words = new Int32Array(40)
    const [a] = NODES as [number]
    hlistAddHeadRcu(words, a, HEAD)
    hlistDelRcu(words, a)
    assert.equal(words[a + 1], LIST_POISON2)
    assert.equal(hlistHashed(words, a), false)
  })
})
