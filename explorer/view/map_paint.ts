/** Draws a pidmap: a dot for each number. Far away, it is an image (map_picture.ts); near, each is a square, and very near it has its number. */
import type { MapView } from '../engine/stepper.ts'
import { colorOf } from './colors.ts'
import type { Picture } from './map_picture.ts'

export interface Grid {
  readonly columns: number
  /** How many numbers there are in all. */
  readonly total: number
}

/** From numbers' places to pixels: as d3-zoom has it. */
export interface Transform {
  readonly k: number
  readonly x: number
  readonly y: number
}

const SQUARES_FROM = 4
const NUMBERS_FROM = 26
const MOST_COLUMNS = 8192

/** A grid on which so many numbers have about the shape of the canvas: so many times as wide as high. */
export function gridFor(numbers: number, total: number, shape: number): Grid {
  let columns = 32
  while (columns < MOST_COLUMNS && columns * columns * 2 < numbers * shape) columns *= 2
  return { columns, total }
}

/** The numbers that are worth seeing: up to the last that is taken, and the reserved ones. */
export function usedUpTo({ bits, lastPid, reserved, pidMax }: MapView): number {
  let last = bits.length - 1
  while (last > 0 && bits[last] === 0) last--
  return Math.min(pidMax, Math.max(last * 32 + 32, lastPid + 1, reserved + 20))
}

export interface Scene {
  readonly map: MapView
  readonly grid: Grid
  readonly transform: Transform
  readonly width: number
  readonly height: number
  readonly picture: Picture
  /** The number that the keyboard is at; -1: none. */
  readonly cursor: number
}

export function paint(ink: CanvasRenderingContext2D, scene: Scene): void {
  const { map, grid, transform, width, height } = scene
  const { columns, total } = grid
  ink.fillStyle = colorOf('--sunken')
  ink.fillRect(0, 0, width, height)
  ink.save()
  ink.translate(transform.x, transform.y)
  ink.scale(transform.k, transform.k)
  ink.fillStyle = colorOf('--free')
  fillRange(ink, columns, 0, Math.min(total, map.pidMax))
  ink.fillStyle = colorOf('--reserved')
  fillRange(ink, columns, 0, Math.min(map.reserved, map.pidMax))
  ink.imageSmoothingEnabled = false
  const { canvas, side } = scene.picture
  if (transform.k < SQUARES_FROM) ink.drawImage(canvas, 0, 0, canvas.width * side, canvas.height * side)
  ink.restore()
  if (transform.k >= SQUARES_FROM) paintSquares(ink, scene)
  paintPages(ink, scene)
  paintChanges(ink, scene)
  mark(ink, scene, map.lastPid, '--cursor', 3)
  if (scene.cursor >= 0) mark(ink, scene, scene.cursor, '--focus', 2)
}

/** The places of numbers `from` to `to`: rows, the first and the last one perhaps in part. */
function fillRange(ink: CanvasRenderingContext2D, columns: number, from: number, to: number): void {
  const rows = Math.floor(to / columns)
  const first = Math.floor(from / columns)
  ink.fillRect(0, first, columns, rows - first)
  ink.fillRect(0, rows, to - rows * columns, 1)
}

function paintSquares(ink: CanvasRenderingContext2D, scene: Scene): void {
  const { map, grid, transform, width, height } = scene
  const { k } = transform
  const gap = k > 9 ? 2 : 1
  const [left, top] = [Math.max(0, Math.floor(-transform.x / k)), Math.max(0, Math.floor(-transform.y / k))]
  const right = Math.min(grid.columns - 1, Math.floor((width - transform.x) / k))
  const bottom = Math.min(Math.ceil(map.pidMax / grid.columns) - 1, Math.floor((height - transform.y) / k))
  const [taken, free] = [colorOf('--taken'), colorOf('--hole')]
  ink.textAlign = 'center'
  ink.textBaseline = 'middle'
  ink.font = `${Math.min(14, k / 3)}px ui-monospace, monospace`
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const nr = row * grid.columns + column
      if (nr >= map.pidMax) break
      const isTaken = bitOf(map, nr)
      const [x, y] = [transform.x + column * k, transform.y + row * k]
      ink.fillStyle = isTaken ? taken : free
      if (isTaken) ink.fillRect(x, y, k - gap, k - gap)
      else if (k > 9) ink.fillRect(x + k * 0.32, y + k * 0.32, k * 0.3, k * 0.3)
      if (k < NUMBERS_FROM) continue
      ink.fillStyle = colorOf(isTaken ? '--on-taken' : '--quiet')
      ink.fillText(String(nr), x + (k - gap) / 2, y + (k - gap) * (isTaken ? 0.5 : 0.82))
    }
  }
}

export function bitOf({ bits }: MapView, nr: number): boolean {
  return (((bits[nr >> 5] ?? 0) >>> (nr & 31)) & 1) === 1
}

const PAGES_FROM = 0.12

function paintPages(ink: CanvasRenderingContext2D, { map, grid, transform, width, height }: Scene): void {
  const rows = map.bitsPerPage / grid.columns
  if (rows * transform.k < 6 || transform.k < PAGES_FROM) return
  ink.strokeStyle = colorOf('--line-strong')
  ink.fillStyle = colorOf('--quiet')
  ink.font = '11px system-ui, sans-serif'
  ink.textAlign = 'right'
  ink.textBaseline = 'top'
  ink.lineWidth = 1
  for (let page = 0; page * map.bitsPerPage < map.pidMax; page++) {
    const y = Math.round(transform.y + page * rows * transform.k) + 0.5
    if (y > height) break
    if (y + rows * transform.k < 0) continue
    ink.beginPath()
    ink.moveTo(0, y)
    ink.lineTo(width, y)
    if (page > 0) ink.stroke()
    const free = map.free[page] ?? -1
    if (rows * transform.k < 40) continue
    const text = free < 0 ? `page ${page}: not allocated` : `page ${page}: nr_free ${free}`
    const wide = ink.measureText(text).width + 10
    ink.fillStyle = colorOf('--paper')
    ink.fillRect(width - wide, y + 1, wide, 18)
    ink.fillStyle = colorOf('--quiet')
    ink.fillText(text, width - 5, y + 4)
  }
}

function paintChanges(ink: CanvasRenderingContext2D, scene: Scene): void {
  for (const nr of scene.map.set) mark(ink, scene, nr, '--added', 2)
  for (const nr of scene.map.cleared) mark(ink, scene, nr, '--removed', 2)
}

const SMALLEST_MARK = 7

function mark(
  ink: CanvasRenderingContext2D,
  { grid, transform }: Scene,
  nr: number,
  color: string,
  wide: number,
): void {
  if (nr < 0) return
  const { k } = transform
  const size = Math.max(SMALLEST_MARK, k + 1)
  const x = transform.x + ((nr % grid.columns) + 0.5) * k - size / 2 - (k >= SQUARES_FROM ? 0.5 : 0)
  const y = transform.y + (Math.floor(nr / grid.columns) + 0.5) * k - size / 2 - (k >= SQUARES_FROM ? 0.5 : 0)
  ink.strokeStyle = colorOf(color)
  ink.lineWidth = wide
  ink.strokeRect(x, y, size, size)
}

/** The number at a pixel; -1: there is none. */
export function numberAt({ columns, total }: Grid, { k, x, y }: Transform, px: number, py: number): number {
  const [column, row] = [Math.floor((px - x) / k), Math.floor((py - y) / k)]
  const nr = row * columns + column
  return column < 0 || column >= columns || row < 0 || nr >= total ? -1 : nr
}
