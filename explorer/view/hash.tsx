/** How numbers are found: the buckets of the hash, with the chains that matter now; or the radix trees. */
import { scaleLinear } from 'd3-scale'
import { useEffect, useRef } from 'preact/hooks'
import type { Chain, HashView, TreeView } from '../engine/hash_view.ts'
import type { HashChange } from '../engine/tracer.ts'
import { colorOf, useTheme } from './colors.ts'
import * as S from './store.ts'

export function Hash() {
  const shown = S.view.value?.hash
  if (shown === undefined) return null
  return (
    <div class="hash">
      <fieldset class="choice">
        <legend>Find numbers by</legend>
        {(['hash', 'idr'] as const).map((way) => (
          <label key={way}>
            <input
              type="radio"
              name="lookup"
              checked={S.lookup.value === way}
              onChange={() => void S.findBy(way)}
            />
            {way === 'hash' ? 'hash (up to 4.14)' : 'radix tree (since 4.15)'}
          </label>
        ))}
      </fieldset>
      {shown.kind === 'hash' ? <Buckets hash={shown} /> : <Trees view={shown} />}
    </div>
  )
}

const HEIGHT = 64

function Buckets({ hash }: { readonly hash: HashView }) {
  const { lengths, count, chains, changes } = hash
  const used = lengths.reduce((sum, length) => sum + (length > 0 ? 1 : 0), 0)
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0)
  const touched = new Set(changes.map(({ bucket }) => bucket & (lengths.length - 1)))
  return (
    <>
      <p class="quiet">
        {count} numbers in {lengths.length} buckets; {used} in use, the longest chain has {longest}.
      </p>
      <BucketStrip lengths={lengths} touched={touched} />
      <label class="inline">
        Bucket{' '}
        <input
          type="number"
          min={0}
          max={lengths.length - 1}
          value={S.bucket.value < 0 ? '' : S.bucket.value}
          onInput={(event) =>
            void S.showBucket(event.currentTarget.value === '' ? -1 : Number(event.currentTarget.value))
          }
        />
      </label>
      <ul class="chains">
        {chains.map((chain) => (
          <ChainRow
            key={chain.bucket}
            chain={chain}
            changes={changes.filter(({ bucket }) => (bucket & (lengths.length - 1)) === chain.bucket)}
          />
        ))}
      </ul>
    </>
  )
}

function ChainRow({ chain, changes }: { readonly chain: Chain; readonly changes: readonly HashChange[] }) {
  const isIn = (nr: number, ns: number): boolean =>
    changes.some((one) => one.added && one.nr === nr && one.ns === ns)
  const out = changes.filter(
    (one) => !one.added && !chain.entries.some(({ nr, ns }) => nr === one.nr && ns === one.ns),
  )
  return (
    <li>
      <span class="bucket">{chain.bucket}</span>
      {chain.entries.map(({ nr, ns }) => (
        <span key={`${nr} ${ns}`} class={`entry ${isIn(nr, ns) ? 'in' : ''}`}>
          {isIn(nr, ns) && <b>in </b>}
          {nr} in {S.nsName(ns)}
        </span>
      ))}
      {out.map(({ nr, ns }) => (
        <span key={`out ${nr} ${ns}`} class="entry out">
          <b>out </b>
          {nr} in {S.nsName(ns)}
        </span>
      ))}
      {chain.entries.length === 0 && out.length === 0 && <span class="quiet">empty</span>}
    </li>
  )
}

/** All buckets side by side: a column is as high as its longest chain. */
function BucketStrip({
  lengths,
  touched,
}: {
  readonly lengths: Uint8Array
  readonly touched: ReadonlySet<number>
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useTheme()
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const width = element.clientWidth || 300
    const ratio = devicePixelRatio || 1
    element.width = width * ratio
    element.height = HEIGHT * ratio
    const ink = element.getContext('2d') as CanvasRenderingContext2D
    ink.scale(ratio, ratio)
    const longest = Math.max(
      3,
      lengths.reduce((most, length) => Math.max(most, length), 0),
    )
    const x = scaleLinear([0, lengths.length], [0, width])
    const y = scaleLinear([0, longest], [0, HEIGHT - 6])
    const wide = Math.max(1, x(1) - (x(1) > 3 ? 1 : 0))
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i] as number
      ink.fillStyle = colorOf(touched.has(i) ? '--hot' : length === 0 ? '--line' : '--level-0')
      const high = touched.has(i) ? Math.max(6, y(length)) : Math.max(1, y(length))
      ink.fillRect(x(i), HEIGHT - high, touched.has(i) ? Math.max(3, wide) : wide, high)
    }
  }, [lengths, touched, theme])
  return (
    <canvas
      ref={canvas}
      class="strip"
      role="img"
      aria-label={`${lengths.length} buckets; the step touched ${touched.size === 0 ? 'none' : [...touched].join(', ')}`}
      onClick={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect()
        void S.showBucket(Math.floor(((event.clientX - left) / width) * lengths.length))
      }}
    />
  )
}

function Trees({ view }: { readonly view: TreeView }) {
  return (
    <ul class="trees">
      {view.trees.map((tree) => (
        <TreeItem key={tree.ns} tree={tree} changes={view.changes.filter(({ ns }) => ns === tree.ns)} />
      ))}
    </ul>
  )
}

interface TreeItemProps {
  readonly tree: TreeView['trees'][number]
  readonly changes: readonly HashChange[]
}

function TreeItem({ tree: { ns, hasTop, leaves }, changes }: TreeItemProps) {
  const gone = changes.filter(({ bucket }) => leaves.every(({ index }) => index !== bucket))
  return (
    <li>
      <b>{S.nsName(ns)}</b>{' '}
      <span class="quiet">
        {hasTop
          ? 'a top of 4,096 slots, below it'
          : leaves.length === 0
            ? 'empty'
            : 'no top needed: all numbers are below 1,024'}
      </span>
      <LeafChanges changes={gone} />
      <ul>
        {leaves.map(({ index, count }) => (
          <li key={index}>
            <meter
              min={0}
              max={1024}
              value={count}
              aria-label={`leaf ${index}: ${count} of 1,024 slots in use`}
            />{' '}
            leaf for {index * 1024} to {index * 1024 + 1023}: {count} in use
            <LeafChanges changes={changes.filter(({ bucket }) => bucket === index)} />
          </li>
        ))}
      </ul>
    </li>
  )
}

/** What the step put into a leaf, or took out of it. */
function LeafChanges({ changes }: { readonly changes: readonly HashChange[] }) {
  return (
    <>
      {changes.map(({ nr, added }) => (
        <span key={`${nr} ${added}`} class={`entry ${added ? 'in' : 'out'}`}>
          <b>{added ? 'in' : 'out'} </b>
          {nr}
        </span>
      ))}
    </>
  )
}
