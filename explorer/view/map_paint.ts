/**
 * Draws a pidmap: a dot for each number. Far away, each bit is a pixel of an image that is made once for each state; near,
 * each is a square, and very near it has its number.
 */
import type { MapView } from '../engine/stepper.ts'
import { colorOf } from './colors.ts'

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
const MOST_COLUMNS = 2048

/** A grid on which so many numbers are about as wide as high. */
export function gridFor(numbers: number, total: number): Grid {
  let columns = 32
  while (columns < MOST_COLUMNS && columns * columns < numbers * 1.2) columns *= 2
  return { columns, total }
}

/** The numbers that are worth seeing: up to the last that is taken, and the reserved ones. */
export function usedUpTo({ bits, lastPid, reserved, pidMax }: MapView): number {
  let last = bits.length - 1
  while (last > 0 && bits[last] === 0) last--
  return Math.min(pidMax, Math.max(last * 32 + 32, lastPid + 1, reserved + 20))
}

export interface Picture {
  readonly canvas: OffscreenCanvas
  readonly image: ImageData
  readonly of: MapView
  readonly columns: number
  readonly theme: string
}

/** The bits as pixels; of the one before, only those rows are put anew in which something has changed, if they are few. */
export function picture(
  map: MapView,
  { columns }: Grid,
  theme: string,
  before: Picture | undefined,
): Picture {
  if (before?.of === map && before.columns === columns && before.theme === theme) return before
  const rows = Math.max(1, Math.ceil((map.bits.length * 32) / columns))
  const { canvas: last } = before ?? {}
  const isSame = last?.width === columns && last.height === rows && before?.theme === theme
  const canvas = isSame ? last : new OffscreenCanvas(columns, rows)
  const ink = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
  const image = isSame ? (before as Picture).image : ink.createImageData(columns, rows)
  const pixels = new Uint32Array(image.data.buffer)
  const taken = pixelOf(colorOf('--taken'))
  const old = isSame ? (before as Picture).of.bits : NO_BITS
  const { bits } = map
  const perRow = columns / 32
  const changed: number[] = []
  for (let row = 0; row < rows; row++) {
    let isChanged = false
    for (let i = row * perRow; i < Math.min(bits.length, (row + 1) * perRow); i++) {
      if (bits[i] === (old[i] ?? 0)) continue
      isChanged = true
      fillWord(pixels, i * 32, bits[i] as number, taken)
    }
    if (isChanged) changed.push(row)
  }
  if (changed.length > FEW_ROWS) ink.putImageData(image, 0, 0)
  else for (const row of changed) ink.putImageData(image, 0, 0, 0, row, columns, 1)
  return { canvas, image, of: map, columns, theme }
}

const FEW_ROWS = 64
const NO_BITS = new Int32Array(0)

function fillWord(pixels: Uint32Array, at: number, word: number, taken: number): void {
  for (let bit = 0; bit < 32; bit++) pixels[at + bit] = ((word >>> bit) & 1) === 1 ? taken : 0
}

/** `#rrggbb` as a pixel's word. */
function pixelOf(color: string): number {
  const value = Number.parseInt(color.slice(1), 16)
  return ((255 << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0
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
  ink.imageSmoothingEnabled = transform.k < 1
  if (transform.k < SQUARES_FROM) ink.drawImage(scene.picture.canvas, 0, 0)
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
