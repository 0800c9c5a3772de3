/** The namespaces as nested areas, the process trees inside, and in front of each process its column of numbers. */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import * as R from '../engine/snapshot.ts'
import { layOut, type Row, type Rows, rowAt, rowOf } from './rows.ts'
import * as S from './store.ts'
import { Tag } from './tag.tsx'

const OVERSCAN = 6
/** Pixels of a step of the tree, of the side of an area. */
const STEP = 18
const SIDE = 10
/** Deeper trees are drawn as deep as this. */
const MOST_STEPS = 14
const SMALLEST_STEP = 4

export function Tree() {
  return S.view.value === undefined ? null : <TreeFrame />
}

function TreeFrame() {
  const box = useRef<HTMLDivElement>(null)
  const scroll = useSignal(0)
  const height = useSignal(600)
  const active = useSignal(-1)
  const layout = useComputed(() => {
    const shown = S.view.value
    return shown === undefined ? undefined : layOut(shown.snapshot, S.opened.value?.level ?? 0)
  })

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [height])

  const rows = layout.value
  useEffect(() => follow(box.current, rows), [rows])
  if (rows === undefined) return null
  const level = S.opened.value?.level ?? 0
  const first = Math.max(0, rowAt(rows, scroll.value) - OVERSCAN)
  const last = Math.min(rows.count - 1, rowAt(rows, scroll.value + height.value) + OVERSCAN)
  const shown: number[] = []
  for (let i = first; i <= last; i++) shown.push(i)
  const columns = rows.levels * rows.column
  const top = scroll.value - 200
  const bottom = scroll.value + height.value + 200

  const move = (to: number, by: number): void => {
    let i = to
    while (i >= 0 && i < rows.count && kindOf(rows, i) > R.ROW_NS) i += by
    if (i < 0 || i >= rows.count) return
    active.value = i
    reveal(box.current, rows.tops[i] as number, rows.tops[i + 1] as number)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = active.value
    const page = Math.max(1, Math.floor(height.value / 30))
    const moves: Record<string, () => void> = {
      ArrowDown: () => move(at + 1, 1),
      ArrowUp: () => move(at < 0 ? 0 : at - 1, -1),
      ArrowLeft: () => at >= 0 && move(rows.parents[at] as number, -1),
      Home: () => move(0, 1),
      End: () => move(rows.count - 1, -1),
      PageDown: () => move(Math.min(rows.count - 1, at + page), -1),
      PageUp: () => move(Math.max(0, at - page), 1),
      Enter: () => at >= 0 && choose(rowOf(rows.snapshot, at, level)),
      ' ': () => at >= 0 && choose(rowOf(rows.snapshot, at, level)),
    }
    const act = moves[event.key]
    if (act === undefined) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }

  return (
    <div class="tree-frame" style={{ '--column': `${rows.column}px` }}>
      <div class="tree-head" aria-hidden="true">
        {Array.from({ length: rows.levels }, (_, i) => (
          <span key={i} class={`level-${i % 6}`}>{`L${i}`}</span>
        ))}
        <span class="tree-head-rest">
          {counted(rows.snapshot.processes, 'process', 'processes')},{' '}
          {counted(rows.snapshot.namespaces.length, 'namespace', 'namespaces')}
          {rows.snapshot.zombies > 0 ? `, ${counted(rows.snapshot.zombies, 'zombie', 'zombies')}` : ''}
        </span>
      </div>
      <div
        class="tree"
        ref={box}
        role="tree"
        aria-label="Namespaces and processes"
        tabIndex={0}
        aria-activedescendant={
          active.value >= first && active.value <= last ? `row-${active.value}` : undefined
        }
        onScroll={(event) => {
          scroll.value = event.currentTarget.scrollTop
        }}
        onFocus={() => {
          if (active.value < 0) active.value = 0
        }}
        onKeyDown={onKeyDown}
      >
        <div class="tree-sheet" role="presentation" style={{ height: `${rows.tops[rows.count]}px` }}>
          {rows.areas
            .filter(({ from, to }) => to > top && from < bottom)
            .map(({ ns, nested, depth, from, to }) => (
              <div
                key={`area ${ns.inum}`}
                aria-hidden="true"
                class={`area level-${(ns.level - level) % 6} ${ns.adding ? '' : 'dead'}`}
                style={{
                  transform: `translateY(${from}px)`,
                  height: `${to - from}px`,
                  left: `${columns + indent(depth, nested - 1)}px`,
                  right: `${(nested - 1) * SIDE + 4}px`,
                }}
              />
            ))}
          {shown.map((i) => {
            const row = rowOf(rows.snapshot, i, level)
            if (row.kind === R.ROW_NS_END) return null
            const parent = rows.parents[i] as number
            const y = rows.tops[i] as number
            const up =
              parent < 0 || kindOf(rows, parent) === R.ROW_NS ? 0 : y - (rows.tops[parent + 1] as number) + 6
            return (
              <TreeRow
                key={row.kind === R.ROW_NS ? `ns ${row.ns.inum}` : `pid ${row.pid}`}
                row={row}
                index={i}
                y={y}
                up={up}
                isActive={active.value === i}
                level={level}
                columns={columns}
                onChoose={() => {
                  active.value = i
                  choose(row)
                }}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}

function kindOf({ snapshot }: Rows, i: number): number {
  return snapshot.rows[i * R.ROW_WORDS] as number
}

function indent(depth: number, nested: number): number {
  const deep = Math.min(depth, MOST_STEPS) * STEP + Math.max(0, depth - MOST_STEPS) * SMALLEST_STEP
  return Math.min(deep, 420) * (S.narrow.value ? 0.55 : 1) + nested * 2
}

function choose(row: Row): void {
  if (row.kind === R.ROW_NS) void S.showMap(row.ns.inum)
  else void S.showPid(row.pid)
}

function reveal(box: HTMLElement | null, from: number, to: number): void {
  if (box === null) return
  if (from < box.scrollTop) box.scrollTop = from
  else if (to > box.scrollTop + box.clientHeight) box.scrollTop = to - box.clientHeight
}

/** Whoever the step has made or changed is brought into sight. */
function follow(box: HTMLElement | null, rows: Rows | undefined): void {
  if (box === null || rows === undefined) return
  for (let i = 0; i < rows.count; i++) {
    const flags = rows.snapshot.rows[i * R.ROW_WORDS + R.R_FLAGS] as number
    if ((flags & (R.F_NEW | R.F_CHANGED)) === 0) continue
    reveal(box, rows.tops[i] as number, rows.tops[i + 1] as number)
    return
  }
}

interface RowProps {
  readonly row: Row
  readonly index: number
  readonly y: number
  /** How far up its parent is. */
  readonly up: number
  readonly isActive: boolean
  readonly level: number
  /** Pixels of all columns. */
  readonly columns: number
  readonly onChoose: () => void
}

function TreeRow({ row, index, y, up, isActive, level, columns, onChoose }: RowProps) {
  const isNs = row.kind === R.ROW_NS
  const { flags } = row
  const classes = ['row', isNs ? 'row-ns' : '', row.kind === R.ROW_THREAD ? 'row-thread' : '']
  if (isActive) classes.push('active')
  if ((flags & (R.F_NEW | R.F_CHANGED)) !== 0) classes.push('changed')
  if ((flags & R.F_ZOMBIE) !== 0) classes.push('zombie')
  const isLife = S.life.value !== undefined && sameNumbers(S.life.value.numbers, row.numbers) && !isNs
  if (isLife) classes.push('chosen')
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree itself takes the keys
    <div
      id={`row-${index}`}
      class={classes.join(' ')}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-posinset={row.pos || undefined}
      aria-setsize={row.size || undefined}
      aria-selected={isLife}
      tabIndex={-1}
      data-numbers={isNs ? undefined : row.numbers.join(' ')}
      data-state={isNs ? undefined : stateOf(flags)}
      data-ns={isNs ? row.ns.inum : undefined}
      style={{ transform: `translateY(${y}px)` }}
      onClick={onChoose}
    >
      <span class="hidden">{labelOf(row, level)}</span>
      <span class="numbers" aria-hidden="true" style={{ width: `${columns}px` }}>
        {row.numbers.map((nr, i) => (
          <span key={i} class={`nr level-${i % 6} ${i === row.numbers.length - 1 ? 'own' : ''}`}>
            {nr}
          </span>
        ))}
      </span>
      <span class="row-body" aria-hidden="true" style={{ marginLeft: `${indent(row.depth, row.nested)}px` }}>
        {up > 0 && <i class="branch" style={{ height: `${up + 8}px` }} />}
        {isNs ? <NsHeading row={row} level={level} /> : <ProcessName row={row} />}
      </span>
    </div>
  )
}

function NsHeading({ row, level }: { readonly row: Row; readonly level: number }) {
  const { ns } = row
  return (
    <>
      <b class="ns-name">{S.nsName(ns.inum)}</b>
      <span class="quiet">
        <span class="wide-only">PID namespace, </span>level {ns.level - level} · {ns.hashed} numbers ·
        last_pid {ns.lastPid}
      </span>
      {!ns.adding && <Tag kind="dead" text={ns.hashed === 0 ? 'dead' : 'dying'} />}
      {ns.adding && ns.reaper === 0 && <Tag kind="dead" text="no init yet" />}
    </>
  )
}

function ProcessName({ row }: { readonly row: Row }) {
  const { flags, comm, kind } = row
  return (
    <>
      <i class={`state state-${stateOf(flags)}`} />
      <b class="comm">{comm === '' ? (kind === R.ROW_THREAD ? 'thread' : 'process') : comm}</b>
      {(flags & R.F_INIT) !== 0 && kind === R.ROW_PROCESS && <Tag kind="init" text="init" />}
      {(flags & R.F_SUBREAPER) !== 0 && <Tag kind="subreaper" text="subreaper" />}
      {kind === R.ROW_THREAD && comm !== '' && <Tag kind="thread" text="thread" />}
      {(flags & R.F_ZOMBIE) !== 0 && <Tag kind="zombie" text="zombie" />}
      {(flags & R.F_STOPPED) !== 0 && <Tag kind="stopped" text="stopped" />}
      {(flags & R.F_EXITING) !== 0 && <Tag kind="exiting" text="held in its exit" />}
      {(flags & R.F_INJECTED) !== 0 && <Tag kind="guest" text="parent outside" />}
      {(flags & R.F_NEW) !== 0 && <Tag kind="new" text="new" />}
      {(flags & R.F_CHANGED) !== 0 && <Tag kind="new" text="changed" />}
      <span class="quiet groups">
        {row.pgid !== 0 ? `pgid ${row.pgid}` : ''} {row.sid !== 0 ? `sid ${row.sid}` : ''}
      </span>
    </>
  )
}

/** As /proc has it; E: held up in its exit. */
function stateOf(flags: number): 'S' | 'T' | 'Z' | 'E' {
  if ((flags & R.F_ZOMBIE) !== 0) return 'Z'
  if ((flags & R.F_EXITING) !== 0) return 'E'
  return (flags & R.F_STOPPED) !== 0 ? 'T' : 'S'
}

const STATE_WORDS = { S: 'alive', T: 'stopped', Z: 'zombie', E: 'held in its exit' }

/** What a screen reader says. */
function labelOf(row: Row, level: number): string {
  const { ns, flags, numbers, ppid, comm } = row
  if (row.kind === R.ROW_NS) {
    const state = ns.adding ? '' : ns.hashed === 0 ? ', dead' : ', dying'
    return `PID namespace ${S.nsName(ns.inum)}, level ${ns.level - level}, ${ns.hashed} numbers${state}`
  }
  const own = numbers.at(-1)
  const others = numbers.slice(0, -1).map((nr, i) => `${nr} at level ${i}`)
  const what = row.kind === R.ROW_THREAD ? 'thread' : (flags & R.F_INIT) !== 0 ? 'init' : 'process'
  return [
    `${what} ${own} in ${S.nsName(ns.inum)}${comm === '' ? '' : `, ${comm}`}`,
    ...others,
    STATE_WORDS[stateOf(flags)],
    (flags & R.F_SUBREAPER) !== 0 ? 'subreaper' : '',
    ppid === 0 ? 'parent outside' : `child of ${ppid}`,
    (flags & R.F_NEW) !== 0 ? 'new' : (flags & R.F_CHANGED) !== 0 ? 'changed by this step' : '',
  ]
    .filter((text) => text !== '')
    .join(', ')
}

function sameNumbers(a: readonly { readonly nr: number }[], b: readonly number[]): boolean {
  return a.length === b.length && a.every(({ nr }, i) => nr === b[i])
}
