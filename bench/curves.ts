/** How the cost grows: measurements along an axis, drawn by Apache ECharts. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { type Effort, measure, type Side } from './measure.ts'
import { importPeer } from './peers.ts'
import { mapCursor, randomVictim } from './rows/alloc.ts'
import { inOne } from './rows/lookup.ts'
import { forkExitWait } from './rows/tasks.ts'

export interface Curve {
  readonly id: string
  readonly title: string
  readonly axis: string
  readonly logarithmic: boolean
  readonly points: readonly number[]
  readonly lines: readonly { readonly name: string; side(at: number): Side }[]
}

export interface Drawn {
  readonly id: string
  readonly title: string
  readonly axis: string
  readonly logarithmic: boolean
  readonly points: readonly number[]
  readonly lines: readonly { readonly name: string; readonly ns: readonly number[] }[]
}

const LIVE = [1024, 4096, 16384, 65536, 262144, 1048576, 3_900_000]

export const CURVES: readonly Curve[] = [
  {
    id: 'alloc',
    title: 'allocPid + freePid of a random one, level 0',
    axis: 'live numbers',
    logarithmic: true,
    points: LIVE,
    lines: [
      { name: 'pidns', side: (live) => randomVictim('pidns', 0, live) },
      { name: 'Map + cyclic cursor, bare numbers', side: (live) => mapCursor(live) },
    ],
  },
  {
    id: 'lookup',
    title: 'findPidNs of a random number',
    axis: 'live numbers',
    logarithmic: true,
    points: LIVE,
    lines: [
      { name: "lookup: 'hash'", side: (live) => inOne('hash', live) },
      { name: "lookup: 'idr'", side: (live) => inOne('idr', live) },
    ],
  },
  {
    id: 'depth',
    title: 'fork + exit + waitpid',
    axis: 'namespaces above the process',
    logarithmic: false,
    points: [0, 1, 2, 4, 8, 16, 24, 32],
    lines: [{ name: 'pidns', side: (depth) => forkExitWait('pidns', 0, depth) }],
  },
]

export const CURVE_EFFORT: Effort = { rounds: 7, roundMs: 20 }

/** Measures a curve, point by point; at each the lines take turns. */
export async function measureCurve(curve: Curve, effort: Effort): Promise<Drawn> {
  const lines = curve.lines.map(({ name }) => ({ name, ns: [] as number[] }))
  for (const at of curve.points) {
    const measured = await measure(
      curve.lines.map(({ side }) => side(at)),
      effort,
    )
    for (const [i, { ns }] of measured.entries()) lines[i]?.ns.push(Math.round(ns * 10) / 10)
  }
  const { id, title, axis, logarithmic, points } = curve
  return { id, title, axis, logarithmic, points, lines }
}

interface ECharts {
  init(
    dom: null,
    theme: null,
    options: object,
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void }
}

/** Writes the curve as a picture. */
export async function draw(curve: Drawn, folder: string): Promise<void> {
  const echarts = await importPeer<ECharts>('echarts')
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 360 })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: curve.title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 0 },
    grid: { left: 70, right: 30, top: 50, bottom: 75 },
    xAxis: {
      type: curve.logarithmic ? 'log' : 'value',
      logBase: 2,
      name: curve.axis,
      nameLocation: 'middle',
      nameGap: 28,
      min: curve.points[0],
      max: curve.points.at(-1),
    },
    yAxis: { type: 'value', name: 'ns', min: 0 },
    series: curve.lines.map(({ name, ns }) => ({
      name,
      type: 'line',
      symbolSize: 6,
      data: ns.map((y, i) => [curve.points[i], y]),
    })),
  })
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/${curve.id}.svg`, `${chart.renderToSVGString()}\n`)
  chart.dispose()
}
