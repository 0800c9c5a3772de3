/** What the page and its worker say to each other. */
import type { FileReport, Finding } from '../../src/trace/report.ts'
import type { HashView, TreeView } from './hash_view.ts'
import type { Happening } from './lives.ts'
import type { Progress } from './log.ts'
import type { Snapshot } from './snapshot.ts'
import type { CpuView, MapView } from './stepper.ts'
import type { Trace } from './tracer.ts'

/** Where the page gets something to look at. */
export type Source =
  | { readonly kind: 'file'; readonly name: string; readonly blob: Blob }
  | { readonly kind: 'story'; readonly id: string }

/** Something is open. */
export interface Opened {
  readonly name: string
  readonly format: string
  readonly steps: number
  readonly lines: number
  readonly level: number
  /** How many steps each column of the timeline stands for, and per column how many forks, exits and signals. */
  readonly density: Density
  readonly findings: readonly (Finding & { readonly step: number })[]
  readonly report: FileReport | undefined
  readonly beats: readonly Beat[]
}

export interface Density {
  readonly per: number
  readonly forks: Uint32Array
  readonly exits: Uint32Array
  readonly signals: Uint32Array
}

/** A step of a story, and what is told there. */
export interface Beat {
  readonly step: number
  readonly title: string
  readonly text: string
  /** What to look at. */
  readonly view: 'map' | 'hash' | 'steps' | 'ask'
  /** The namespace whose map it is about: how many were made before it. */
  readonly ns?: number
}

/** The state after a step. */
export interface StepView {
  readonly step: number
  readonly line: number
  readonly text: string
  readonly snapshot: Snapshot
  readonly trace: Trace
  readonly map: MapView | undefined
  readonly hash: HashView | TreeView
  readonly cpu: CpuView
  /** What it took to come here, in ms. */
  readonly ms: number
}

/** A `struct pid`, and who had it. */
export interface LifeView {
  readonly id: number
  readonly numbers: readonly { readonly ns: number; readonly nr: number }[]
  readonly born: number
  readonly bornLine: number
  readonly gone: number
  readonly goneLine: number
  readonly parent: LifeName | undefined
  readonly happenings: readonly (Happening & { readonly line: number; readonly who?: LifeName | undefined })[]
  readonly children: readonly LifeName[]
}

export interface LifeName {
  readonly id: number
  readonly numbers: readonly number[]
}

export type Request =
  | { readonly kind: 'open'; readonly source: Source; readonly lookup: 'hash' | 'idr' }
  | { readonly kind: 'seek'; readonly step: number; readonly map: number; readonly bucket: number }
  /** Everybody who ever had this number there. */
  | { readonly kind: 'ask'; readonly ns: number; readonly nr: number }
  | { readonly kind: 'life'; readonly id: number }
  /** The life behind a `struct pid` at a step. */
  | { readonly kind: 'who'; readonly pid: number; readonly step: number }

export interface Answers {
  open: Opened
  seek: StepView
  ask: LifeView[]
  life: LifeView | undefined
  who: LifeView | undefined
}

export type Reply =
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly trouble: string }
  | { readonly id: number; readonly progress: Progress }
