/**
 * A pidmap from far away, as an image: a pixel for each number, or for a square of them where even a pixel is too large.
 * It is made once for each state; the one before is used again where it can be.
 */
import type { MapView } from '../engine/stepper.ts'
import { colorOf } from './colors.ts'
import type { Grid } from './map_paint.ts'

export interface Picture {
  readonly canvas: OffscreenCanvas
  readonly image: ImageData
  readonly of: MapView
  readonly columns: number
  /** A pixel stands for so many numbers in a row, and for as many rows: a power of two. */
  readonly side: number
  readonly theme: string
}

/** The picture for a scale: `k` pixels of the screen a number. */
export function picture(
  map: MapView,
  { columns }: Grid,
  k: number,
  theme: string,
  before: Picture | undefined,
): Picture {
  const side = k >= 1 ? 1 : Math.min(columns, 2 ** Math.ceil(-Math.log2(k)))
  const isSame = before?.columns === columns && before.side === side && before.theme === theme
  if (isSame && before.of === map) return before
  const [width, height] = [columns / side, Math.max(1, Math.ceil((map.bits.length * 32) / columns / side))]
  const last = isSame && before.canvas.height === height ? before : undefined
  const canvas = last?.canvas ?? new OffscreenCanvas(width, height)
  const ink = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
  const image = last?.image ?? ink.createImageData(width, height)
  const next: Picture = { canvas, image, of: map, columns, side, theme }
  const pixels = new Uint32Array(image.data.buffer)
  if (side > 1) drawSquares(next, pixels, ink)
  else drawBits(next, pixels, ink, last?.of.bits ?? NO_BITS)
  return next
}

const NO_BITS = new Int32Array(0)
const FEW_ROWS = 64

/** Only rows in which something has changed are put anew, if they are few. */
function drawBits(
  { of: { bits }, columns, image }: Picture,
  pixels: Uint32Array,
  ink: OffscreenCanvasRenderingContext2D,
  old: Int32Array,
): void {
  const taken = pixelOf(colorOf('--taken'), 1)
  const perRow = columns / 32
  const changed: number[] = []
  for (let row = 0; row < image.height; row++) {
    let isChanged = false
    for (let i = row * perRow; i < Math.min(bits.length, (row + 1) * perRow); i++) {
      if (bits[i] === (old[i] ?? 0)) continue
      isChanged = true
      const word = bits[i] as number
      for (let bit = 0; bit < 32; bit++) pixels[i * 32 + bit] = ((word >>> bit) & 1) === 1 ? taken : 0
    }
    if (isChanged) changed.push(row)
  }
  if (changed.length > FEW_ROWS) ink.putImageData(image, 0, 0)
  else for (const row of changed) ink.putImageData(image, 0, 0, 0, row, columns, 1)
}

/** A single number in a square of thousands is still to be seen. */
const FAINTEST = 0.5
const SHADES = 32

/** The more of a square is taken, the stronger its pixel. */
function drawSquares(
  { of: { bits }, columns, side, image }: Picture,
  pixels: Uint32Array,
  ink: OffscreenCanvasRenderingContext2D,
): void {
  const counts = new Uint32Array(pixels.length)
  const perRow = columns / 32
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number
    if (word === 0) continue
    const row = Math.floor(Math.floor(i / perRow) / side) * image.width
    const column = (i % perRow) * 32
    if (side >= 32) counts[row + Math.floor(column / side)] += ones(word)
    else
      for (let bit = 0; bit < 32; bit += side)
        counts[row + (column + bit) / side] += ones((word >>> bit) & ((1 << side) - 1))
  }
  const color = colorOf('--taken')
  const shades = Array.from({ length: SHADES + 1 }, (_, i) =>
    pixelOf(color, i === 0 ? 0 : FAINTEST + (1 - FAINTEST) * (i / SHADES)),
  )
  for (let i = 0; i < counts.length; i++)
    pixels[i] = shades[Math.ceil(((counts[i] as number) * SHADES) / (side * side))] as number
  ink.putImageData(image, 0, 0)
}

/** `#rrggbb` as a pixel's word. */
function pixelOf(color: string, alpha: number): number {
  const value = Number.parseInt(color.slice(1), 16)
  const opacity = Math.round(255 * alpha)
  return ((opacity << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0
}

/** How many bits are set: neighbours added up, in pairs, fours, and eights. */
export function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
