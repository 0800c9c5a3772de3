/** The pidmap of one namespace, on a canvas: pan, zoom, ask. */
import { useSignal } from '@preact/signals'
import { select } from 'd3-selection'
import { type D3ZoomEvent, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom'
import { useEffect, useRef } from 'preact/hooks'
import type { MapView } from '../engine/stepper.ts'
import { useTheme } from './colors.ts'
import { bitOf, type Grid, gridFor, numberAt, type Picture, paint, picture, usedUpTo } from './map_paint.ts'
import * as S from './store.ts'

const MARGIN = 10
const LARGEST = 60

interface Kept {
  grid: Grid
  transform: ZoomTransform
  picture: Picture | undefined
  map: MapView | undefined
  zoom: ZoomBehavior<HTMLCanvasElement, unknown> | undefined
  frame: number
  /** Which namespace, at which extent and size, the view was fitted to. */
  fitted: string
}

export function PidMap() {
  const map = S.view.value?.map
  return map === undefined ? null : <MapFrame map={map} />
}

function MapFrame({ map }: { readonly map: MapView }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const kept = useRef<Kept>({
    grid: { columns: 32, total: 0 },
    transform: zoomIdentity,
    picture: undefined,
    map: undefined,
    zoom: undefined,
    frame: 0,
    fitted: '',
  })
  const extent = useSignal<'used' | 'all'>('used')
  const hovered = useSignal(-1)
  const cursor = useSignal(-1)
  const size = useSignal('')
  const theme = useTheme()

  const draw = (): void => {
    const [element, now] = [canvas.current, kept.current]
    if (element === null || now.map === undefined || element.clientWidth === 0) return
    const ratio = devicePixelRatio || 1
    const [width, height] = [element.clientWidth, element.clientHeight]
    if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
      element.width = Math.round(width * ratio)
      element.height = Math.round(height * ratio)
    }
    const ink = element.getContext('2d') as CanvasRenderingContext2D
    ink.setTransform(ratio, 0, 0, ratio, 0, 0)
    now.picture = picture(now.map, now.grid, theme, now.picture)
    paint(ink, { ...now, map: now.map, picture: now.picture, width, height, cursor: cursor.value })
  }
  const drawSoon = (): void => {
    cancelAnimationFrame(kept.current.frame)
    kept.current.frame = requestAnimationFrame(draw)
  }

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const behaviour = zoom<HTMLCanvasElement, unknown>().on(
      'zoom',
      ({ transform }: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        kept.current.transform = transform
        drawSoon()
      },
    )
    behaviour.wheelDelta(
      ({ deltaY, deltaMode }) => -deltaY * (deltaMode === 1 ? 0.05 : deltaMode === 0 ? 0.003 : 1),
    )
    kept.current.zoom = behaviour
    select(element).call(behaviour).on('dblclick.zoom', null)
    const observer = new ResizeObserver(() => {
      size.value = `${element.clientWidth} ${element.clientHeight}`
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    const [element, now] = [canvas.current, kept.current]
    if (element === null) return
    now.map = map
    const numbers = extent.value === 'all' ? map.pidMax : usedUpTo(map)
    const grid = gridFor(numbers, map.pidMax)
    const key = `${map.ns} ${extent.value} ${grid.columns} ${size.value}`
    if (key !== now.fitted && element.clientWidth > 0) {
      now.fitted = key
      now.grid = grid
      fitTo(element, now, numbers)
    }
    drawSoon()
  }, [map, theme, extent.value, size.value, cursor.value])

  const moveCursor = (by: number): void => {
    const next = (cursor.value < 0 ? Math.max(1, map.lastPid) : cursor.value) + by
    cursor.value = Math.min(Math.max(0, next), map.pidMax - 1)
    hovered.value = cursor.value
    bringIn(canvas.current, kept.current, cursor.value)
  }
  const zoomBy = (factor: number): void => {
    const [element, behaviour] = [canvas.current, kept.current.zoom]
    if (element !== null && behaviour !== undefined) behaviour.scaleBy(select(element), factor)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const { columns } = kept.current.grid
    const acts: Record<string, () => void> = {
      ArrowRight: () => moveCursor(1),
      ArrowLeft: () => moveCursor(-1),
      ArrowDown: () => moveCursor(columns),
      ArrowUp: () => moveCursor(-columns),
      '+': () => zoomBy(1.6),
      '=': () => zoomBy(1.6),
      '-': () => zoomBy(1 / 1.6),
      Enter: () => cursor.value > 0 && void S.askFor(map.ns, cursor.value),
    }
    const act = acts[event.key]
    if (act === undefined) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }
  const at = (event: { offsetX: number; offsetY: number }): number =>
    numberAt(kept.current.grid, kept.current.transform, event.offsetX, event.offsetY)
  return (
    <div class="map">
      <div class="bar">
        <label>
          <span class="hidden">Namespace of the map</span>
          <select value={map.ns} onChange={(event) => void S.showMap(Number(event.currentTarget.value))}>
            {S.view.value?.snapshot.namespaces.map(({ inum }) => (
              <option key={inum} value={inum}>
                {S.nsName(inum)}
              </option>
            ))}
          </select>
        </label>
        {(['used', 'all'] as const).map((what) => (
          <button
            key={what}
            type="button"
            aria-pressed={extent.value === what}
            onClick={() => {
              extent.value = what
              kept.current.fitted = ''
            }}
          >
            {what === 'used' ? 'In use' : `All ${map.pidMax.toLocaleString('en-US')}`}
          </button>
        ))}
        <button type="button" aria-label="Nearer" onClick={() => zoomBy(1.6)}>
          +
        </button>
        <button type="button" aria-label="Farther" onClick={() => zoomBy(1 / 1.6)}>
          −
        </button>
        <span class="quiet legend">
          <i class="key key-taken" /> taken <i class="key key-added" /> set <i class="key key-removed" />{' '}
          cleared <i class="key key-cursor" /> last_pid <i class="key key-reserved" /> reserved
        </span>
      </div>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it takes keys of its own */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="pidmap"
        aria-label={labelOf(map)}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => {
          hovered.value = at(event)
        }}
        onPointerLeave={() => {
          hovered.value = -1
        }}
        onClick={(event) => {
          const nr = at(event)
          if (nr > 0) void S.askFor(map.ns, nr)
        }}
      />
      <p class="caption" aria-live="polite">
        {hovered.value < 0 ? changeText(map) : numberText(map, hovered.value)}
      </p>
    </div>
  )
}

function fitTo(element: HTMLCanvasElement, kept: Kept, numbers: number): void {
  const { columns } = kept.grid
  const rows = Math.ceil(numbers / columns)
  const [width, height] = [element.clientWidth - 2 * MARGIN, element.clientHeight - 2 * MARGIN]
  const k = Math.min(width / columns, height / rows, 22)
  kept.zoom?.scaleExtent([Math.min(k, 1) * 0.5, LARGEST])
  const left = MARGIN + Math.max(0, (width - columns * k) / 2)
  kept.zoom?.transform(select(element), zoomIdentity.translate(left, MARGIN).scale(k))
}

function bringIn(element: HTMLCanvasElement | null, kept: Kept, nr: number): void {
  if (element === null || kept.zoom === undefined) return
  const { k, x, y } = kept.transform
  const [px, py] = [x + (nr % kept.grid.columns) * k, y + Math.floor(nr / kept.grid.columns) * k]
  if (px >= 0 && py >= 0 && px + k <= element.clientWidth && py + k <= element.clientHeight) return
  const target = [(nr % kept.grid.columns) + 0.5, Math.floor(nr / kept.grid.columns) + 0.5] as const
  kept.zoom.translateTo(select(element), ...target)
}

function changeText({ set, cleared, lastPid, pidMax }: MapView): string {
  const told = [
    set.length > 0 ? `set ${listed(set)}` : '',
    cleared.length > 0 ? `cleared ${listed(cleared)}` : '',
  ].filter((text) => text !== '')
  return `${told.length === 0 ? 'No bit changed' : `This step ${told.join(', ')}`}. last_pid ${lastPid}, pid_max ${pidMax.toLocaleString('en-US')}.`
}

function listed(numbers: readonly number[]): string {
  return numbers.length <= 6
    ? numbers.join(' ')
    : `${numbers.slice(0, 6).join(' ')} and ${numbers.length - 6} more`
}

function numberText(map: MapView, nr: number): string {
  const page = Math.floor(nr / map.bitsPerPage)
  const what = bitOf(map, nr) ? 'taken' : 'free'
  return `Number ${nr}: ${what}. Page ${page}, offset ${nr % map.bitsPerPage}${nr < map.reserved ? ', reserved after wrap-around' : ''}.`
}

function labelOf(map: MapView): string {
  const taken = map.bits.reduce((sum, word) => sum + ones(word), 0)
  return `pidmap of ${S.nsName(map.ns)}: ${taken} of ${map.pidMax} numbers taken. ${changeText(map)} Arrow keys move, Enter asks who has a number, plus and minus zoom.`
}

/** How many bits are set: neighbours added up, in pairs, fours, and eights. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
