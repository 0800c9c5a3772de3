/**
 * One object of the realm's for each slot of a slab: found by where the slot begins, in two steps and without hashing.
 *
 * Not a Map: slots are reused at once, and V8's Map keeps a deleted entry on its key's chain until it is rehashed, so
 * that a slot which comes and goes gets a chain of thousands.
 *
 * Invariant: the slab's slots begin at multiples of SLOT_GRAIN words.
 */
import { SLOT_GRAIN } from './layout.ts'

const GRAIN_SHIFT: number = 31 - Math.clz32(SLOT_GRAIN)
/** Places of a page: as many as slots can begin in 4,096 words. */
const PAGE_SHIFT = 9
const PAGE = 1 << PAGE_SHIFT

export interface SlotMap<T> {
  readonly pages: (T | undefined)[][]
}

export function createSlotMap<T>(): SlotMap<T> {
  return { pages: [] }
}

export function slotMapGet<T>(map: SlotMap<T>, slot: number): T | undefined {
  const place = slot >> GRAIN_SHIFT
  const page = place >> PAGE_SHIFT
  return page < map.pages.length ? map.pages[page][place & (PAGE - 1)] : undefined
}

export function slotMapSet<T>(map: SlotMap<T>, slot: number, value: T): void {
  const place = slot >> GRAIN_SHIFT
  const page = place >> PAGE_SHIFT
  while (map.pages.length <= page) map.pages.push([])
  if (map.pages[page].length === 0) map.pages[page] = new Array<T | undefined>(PAGE).fill(undefined)
  map.pages[page][place & (PAGE - 1)] = value
}

export function slotMapDelete<T>(map: SlotMap<T>, slot: number): void {
  const place = slot >> GRAIN_SHIFT
  const page = place >> PAGE_SHIFT
  if (page < map.pages.length && map.pages[page].length > 0) map.pages[page][place & (PAGE - 1)] = undefined
}
