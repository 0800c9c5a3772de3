/** Time: the line of the log, forward and back, and a timeline that shows where something happens. */
import { scaleLinear, scaleSqrt } from 'd3-scale'
import { useEffect, useRef } from 'preact/hooks'
import type { Density, Opened } from '../engine/protocol.ts'
import { colorOf, useTheme } from './colors.ts'
import * as S from './store.ts'

const SPEEDS: readonly number[] = [1, 2, 5, 20, 100]

export function Player() {
  const told = S.opened.value
  if (told === undefined) return null
  const step = S.wanted.value
  const shown = S.view.value
  return (
    <footer class="player">
      <p class="event" aria-live="polite">
        <span class="event-place">
          {told.format === 'story' || told.lines === 0
            ? ''
            : step === 0
              ? 'beginning'
              : `line ${shown?.line ?? 0}`}
        </span>
        <code>{shown === undefined ? '' : shown.text === '' ? emptyText(told, shown.step) : shown.text}</code>
      </p>
      <div class="transport">
        <button type="button" aria-label="To the beginning" title="Home" onClick={() => void S.seek(0)}>
          |◀
        </button>
        <button type="button" aria-label="One step back" title="←" onClick={() => void S.seek(step - 1)}>
          ‹
        </button>
        <button
          type="button"
          class="play"
          title="Space"
          onClick={() => {
            S.playing.value = !S.playing.value
          }}
        >
          {S.playing.value ? 'Pause' : 'Play'}
        </button>
        <button type="button" aria-label="One step forward" title="→" onClick={() => void S.seek(step + 1)}>
          ›
        </button>
        <button type="button" aria-label="To the end" title="End" onClick={() => void S.seek(told.steps)}>
          ▶|
        </button>
        <label class="step-of">
          step{' '}
          <input
            type="number"
            min={0}
            max={told.steps}
            value={step}
            onChange={(event) => void S.seek(Number(event.currentTarget.value))}
          />{' '}
          of <span id="steps">{told.steps.toLocaleString('en-US')}</span>
        </label>
        <label class="speed">
          <span class="hidden">Steps a second</span>
          <select
            value={S.speed.value}
            onChange={(event) => {
              S.speed.value = Number(event.currentTarget.value)
            }}
          >
            {SPEEDS.map((speed) => (
              <option key={speed} value={speed}>
                {speed}/s
              </option>
            ))}
          </select>
        </label>
        <Cpu />
      </div>
      {told.beats.length === 0 && <Timeline told={told} />}
    </footer>
  )
}

function emptyText(told: Opened, step: number): string {
  if (told.format === 'story') return S.beat.value?.title ?? ''
  if (told.format === 'saved table') return 'a saved table: one state, without a way to it'
  return step === 0 ? 'before the first line' : 'end of the log: what must have happened by now'
}

/** The processor: interrupts, readers, what waits for them. */
function Cpu() {
  const cpu = S.view.value?.cpu
  if (cpu === undefined) return null
  return (
    <span class="cpu">
      <span class={cpu.irqsOn ? '' : 'off'}>interrupts {cpu.irqsOn ? 'on' : 'off'}</span>
      <span class={cpu.reading > 0 ? 'off' : ''}>{cpu.reading === 0 ? 'no reader' : 'a reader inside'}</span>
      <span class={cpu.waiting > 0 ? 'off' : ''}>{cpu.waiting} RCU callbacks wait</span>
    </span>
  )
}

const LANES = ['forks', 'exits', 'signals'] as const
const LANE_COLORS = { forks: '--added', exits: '--removed', signals: '--signal' } as const
const LANE = 15
const FINDINGS = 10

function Timeline({ told }: { readonly told: Opened }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useTheme()
  const { density, findings, steps } = told
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const observer = new ResizeObserver(() => draw(element, density, findings, steps))
    observer.observe(element)
    return () => observer.disconnect()
  }, [density, findings, steps, theme])

  const seekTo = (event: PointerEvent): void => {
    const { left, width } = (canvas.current as HTMLCanvasElement).getBoundingClientRect()
    void S.seek(Math.round(((event.clientX - left) / width) * steps))
  }
  const at = S.wanted.value
  const here = findings.filter(({ step }) => step === at).length
  return (
    <div
      class="timeline"
      role="slider"
      tabIndex={0}
      aria-label="Timeline"
      aria-valuemin={0}
      aria-valuemax={steps}
      aria-valuenow={at}
      aria-valuetext={`step ${at} of ${steps}${here === 0 ? '' : `, ${here} ${here === 1 ? 'finding' : 'findings'}`}`}
      onKeyDown={(event) => takeTimelineKey(event, told)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        seekTo(event)
      }}
      onPointerMove={(event) => {
        if (event.buttons !== 0) seekTo(event)
      }}
    >
      <span class="lanes" aria-hidden="true">
        {LANES.map((lane) => (
          <span key={lane}>{lane}</span>
        ))}
      </span>
      <span class="lane-box">
        <canvas ref={canvas} />
        <i class="head" style={{ left: `${(at / Math.max(1, steps)) * 100}%` }} />
      </span>
    </div>
  )
}

const PARTS = 200
const LARGE_PARTS = 10

/** Far larger strides than elsewhere on the page, where an arrow is a step; up and down go from finding to finding. */
function takeTimelineKey(event: KeyboardEvent, { steps, findings }: Opened): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const at = S.wanted.value
  const found = findings.map(({ step }) => step).sort((a, b) => a - b)
  const [stride, large] = [Math.ceil(steps / PARTS), Math.ceil(steps / LARGE_PARTS)]
  const places: Record<string, () => number | undefined> = {
    ArrowRight: () => at + stride,
    ArrowLeft: () => at - stride,
    PageDown: () => at + large,
    PageUp: () => at - large,
    Home: () => 0,
    End: () => steps,
    ArrowDown: () => found.find((step) => step > at),
    ArrowUp: () => found.findLast((step) => step < at),
  }
  const place = places[event.key]
  if (place === undefined) return
  event.preventDefault()
  event.stopPropagation()
  void S.seek(place() ?? at)
}

function draw(
  element: HTMLCanvasElement,
  density: Density,
  findings: Opened['findings'],
  steps: number,
): void {
  const ratio = devicePixelRatio || 1
  const [width, height] = [element.clientWidth, element.clientHeight]
  if (width === 0) return
  element.width = width * ratio
  element.height = height * ratio
  const ink = element.getContext('2d') as CanvasRenderingContext2D
  ink.scale(ratio, ratio)
  ink.clearRect(0, 0, width, height)
  const x = scaleLinear([0, Math.max(1, steps)], [0, width])
  const pixels = Math.ceil(width / 2)
  LANES.forEach((lane, i) => {
    const sums = binned(density[lane], density.per, steps, pixels)
    const y = scaleSqrt([0, Math.max(1, ...sums)], [0, LANE - 2])
    const floor = FINDINGS + (i + 1) * LANE
    ink.fillStyle = colorOf('--line')
    ink.fillRect(0, floor, width, 1)
    ink.fillStyle = colorOf(LANE_COLORS[lane])
    sums.forEach((sum, column) => {
      if (sum > 0) ink.fillRect(column * 2, floor - Math.max(2, y(sum)), 2, Math.max(2, y(sum)))
    })
  })
  ink.fillStyle = colorOf('--hot')
  for (const { step } of findings) {
    const at = x(step)
    ink.beginPath()
    ink.moveTo(at - 4, 0)
    ink.lineTo(at + 4, 0)
    ink.lineTo(at, 7)
    ink.fill()
  }
}

/** Columns of steps as columns of pixels. */
function binned(counts: Uint32Array, per: number, steps: number, pixels: number): number[] {
  const sums = new Array<number>(pixels).fill(0)
  counts.forEach((count, i) => {
    const at = Math.min(pixels - 1, Math.floor(((i * per) / Math.max(1, steps)) * pixels))
    sums[at] = (sums[at] as number) + count
  })
  return sums
}

/** Plays on while it is wanted. */
export function usePlayback(): void {
  const isOn = S.playing.value
  const speed = S.speed.value
  useEffect(() => {
    if (!isOn) return
    const timer = setInterval(
      () => {
        const told = S.opened.value
        if (told === undefined || S.wanted.value >= told.steps) {
          S.playing.value = false
          return
        }
        // Faster than pictures can be drawn: several steps at once.
        void S.seek(S.wanted.value + Math.max(1, Math.round(speed / 25)))
      },
      Math.max(40, 1000 / speed),
    )
    return () => clearInterval(timer)
  }, [isOn, speed])
}
