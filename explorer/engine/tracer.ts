/** Listens to the traced build while one step is taken: who called whom, with what, and what came of it. */

import { errnoName } from '../../src/abi/errno.ts'
import { signalName } from '../../src/abi/index.ts'
import type { NsRef, PidRef, TaskRef, UpidRef } from '../../src/mm/layout.ts'
import * as L from '../../src/mm/layout.ts'
import { pidHashfn } from '../../src/pid/pid_hash.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { nsNameOf, pidName, taskName } from './names.ts'
import { functions, sink, type TracedFunction } from './sink.ts'

/** A call, as the page shows it. */
export interface CallNode {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  result: string
  /** What it changed that is worth knowing: `nr_hashed of N1: 3 → 4`. */
  readonly effects: string[]
  /** On entry: interrupts are off; a read section is open. */
  readonly irqsOff: boolean
  readonly reading: boolean
  readonly calls: CallNode[]
}

/** An entry that was put into a bucket of the hash or a leaf of a radix tree, or taken out of it. */
export interface HashChange {
  /** Which bucket, or which leaf of the namespace's tree. */
  readonly bucket: number
  readonly nr: number
  readonly ns: number
  readonly added: boolean
}

export interface Trace {
  readonly calls: CallNode[]
  readonly hash: HashChange[]
  /** More were made than are shown. */
  left: number
}

const MOST_NODES = 2000
const NO_ARGUMENT = /^(PidTable|TaskTable|Cpu|Memory|Words|WaitOpts)$/
const LOCKS = new Map([
  [L.H_TASKLIST_LOCK, 'tasklist_lock'],
  [L.H_PIDMAP_LOCK, 'pidmap_lock'],
])

/** Runs `step`, and tells its calls. */
export function trace(table: PidTable, step: () => void): Trace {
  const told: Trace = { calls: [], hash: [], left: 0 }
  let at = told.calls
  let nodes = 0
  sink.call = (fn, raw, args) => {
    const info = functions[fn]
    if (info === undefined || ++nodes > MOST_NODES) {
      told.left++
      return raw(...args)
    }
    const change = lookupChange(table, info.name, args)
    if (change !== undefined) told.hash.push(change)
    const node: CallNode = {
      name: info.name,
      file: info.file,
      args: describeArgs(table, info, args),
      result: '',
      effects: [],
      irqsOff: !table.irqsOn,
      reading: table.rcuNesting > 0,
      calls: [],
    }
    const outer = at
    outer.push(node)
    at = node.calls
    const watched = watch(table, info, args)
    const result = raw(...args)
    at = outer
    node.result = describe(table, info.returns, '', result)
    for (const { what, before, now } of watched) {
      const after = now()
      if (after !== before) node.effects.push(`${what}: ${before} → ${after}`)
    }
    return result
  }
  sink.on = true
  try {
    step()
  } finally {
    sink.on = false
  }
  return told
}

/** Numbers of a leaf, as bits of a number. */
const LEAF_BITS = 10

function lookupChange(table: PidTable, name: string, args: readonly unknown[]): HashChange | undefined {
  const w = table.words
  const inumOf = (ns: NsRef): number => w[ns + L.NS_INUM] >>> 0
  switch (name) {
    case 'hashUpid':
    case 'unhashUpid': {
      const upid = args[1] as UpidRef
      const [nr, ns] = [w[upid + L.UPID_NR], w[upid + L.UPID_NS] as NsRef]
      return { bucket: pidHashfn(table, nr, ns), nr, ns: inumOf(ns), added: name === 'hashUpid' }
    }
    case 'idrPublish':
    case 'idrRemove': {
      const [ns, nr] = [args[1] as NsRef, args[2] as number]
      return { bucket: nr >>> LEAF_BITS, nr, ns: inumOf(ns), added: name === 'idrPublish' }
    }
  }
  return undefined
}

function describeArgs(table: PidTable, { params }: TracedFunction, args: readonly unknown[]): string[] {
  const told: string[] = []
  for (let i = 0; i < args.length; i++) {
    const [name = '', type = ''] = (params[i] ?? '').split(': ')
    if (!NO_ARGUMENT.test(type)) told.push(describe(table, type, name, args[i]))
  }
  return told
}

function describe(table: PidTable, type: string, name: string, value: unknown): string {
  if (value === undefined) return ''
  if (typeof value !== 'number')
    return Array.isArray(value) ? `[${value.join(' ')}]` : typeof value === 'boolean' ? String(value) : ''
  if (value < 0 && value > -200 && name === '') return `-${errnoName(-value)}`
  switch (type) {
    case 'NsRef':
      return nsNameOf(table, value as NsRef)
    case 'PidRef':
      return pidName(table, value as PidRef)
    case 'TaskRef':
      return taskName(table, value as TaskRef)
    case 'UpidRef':
      return `${table.words[value + L.UPID_NR]} in ${nsNameOf(table, table.words[value + L.UPID_NS] as NsRef)}`
  }
  if (name === 'lock') return LOCKS.get(value) ?? `lock@${value}`
  if (name === 'sig' && value > 0) return signalName(value)
  if (name === 'map') return `entry@${value}`
  if (name === 'rcuHead' || name === 'head' || name === 'node' || name === 'at' || name === 'work')
    return `@${value}`
  return name === 'nr' || name === '' ? String(value) : `${name} ${value}`
}

interface Watched {
  readonly what: string
  readonly before: string
  now(): string
}

const ADDING = 1 << 31

/** What of the table a call may change and a reader should see. */
function watch(table: PidTable, { name }: TracedFunction, args: readonly unknown[]): Watched[] {
  const w = table.words
  const word = (what: string, at: number, text = (n: number): string => String(n)): Watched => ({
    what,
    before: text(w[at]),
    now: () => text(w[at]),
  })
  const hashed = (n: number): string => `${n & ~ADDING}${(n & ADDING) !== 0 ? '' : ' (no more)'}`
  const perLevel = (ns: NsRef): Watched[] => {
    const found: Watched[] = []
    for (let at = ns; at !== 0; at = w[at + L.NS_PARENT] as NsRef)
      found.push(word(`nr_hashed of ${nsNameOf(table, at)}`, at + L.NS_NR_HASHED, hashed))
    return found
  }
  switch (name) {
    case 'allocPid':
      return perLevel(args[1] as NsRef)
    case 'freePid': {
      const pid = args[1] as PidRef
      return perLevel(w[pid + L.PID_NUMBERS + w[pid + L.PID_LEVEL] * L.UPID_WORDS + L.UPID_NS] as NsRef)
    }
    case 'disablePidAllocation':
      return [
        word(
          `nr_hashed of ${nsNameOf(table, args[1] as NsRef)}`,
          (args[1] as number) + L.NS_NR_HASHED,
          hashed,
        ),
      ]
    case 'allocPidmap':
      return [word('last_pid', (args[1] as number) + L.NS_LAST_PID)]
    case 'hashUpid':
    case 'unhashUpid':
    case 'idrPublish':
    case 'idrRemove': {
      const change = lookupChange(table, name, args) as HashChange
      const place = table.lookup === L.LOOKUP_IDR ? 'leaf' : 'bucket'
      return [
        {
          what: `${place} ${change.bucket}`,
          before: change.added ? '' : 'in',
          now: () => (change.added ? 'in' : 'out'),
        },
      ]
    }
    case 'getPid':
    case 'putPid':
      return args[1] === 0 ? [] : [word('count', (args[1] as number) + L.PID_COUNT)]
    default:
      return []
  }
}
