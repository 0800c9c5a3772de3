/**
 * The fields of one line of a recording, taken out one by one with their types and ranges checked; `noMore` then refuses
 * what nobody asked for. Every complaint names the line, the field and what was expected of it.
 */
import { clip, show, TraceError } from '../trace_error.ts'

export interface Fields {
  readonly line: number
  /** What the fields belong to, for complaints: `kill`, `slot 5`. */
  readonly what: string
  readonly json: Readonly<Record<string, unknown>>
  readonly taken: string[]
}

export const INT32_MIN: number = -(2 ** 31)
export const INT32_MAX: number = 2 ** 31 - 1
export const UINT32_MAX: number = 2 ** 32 - 1

export function parseFields(text: string, line: number, what: string): Fields {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new TraceError(line, `expected a JSON object, got ${clip(text === '' ? 'an empty line' : text)}`)
  }
  return fieldsOf(json, line, what)
}

export function fieldsOf(json: unknown, line: number, what: string): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new TraceError(line, `${what}: expected a JSON object, got ${show(json)}`)
  }
  return { line, what, json: json as Record<string, unknown>, taken: [] }
}

export function has(fields: Fields, name: string): boolean {
  return fields.json[name] !== undefined
}

export function takeInt(
  fields: Fields,
  name: string,
  min: number = INT32_MIN,
  max: number = INT32_MAX,
): number {
  const value = fields.json[name]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    refuse(fields, name, intRange(min, max), value)
  }
  fields.taken.push(name)
  return value as number
}

export function takeWord<W extends string>(fields: Fields, name: string, words: readonly W[]): W {
  const value = fields.json[name]
  const word = words.find((candidate) => candidate === value)
  if (word === undefined) refuse(fields, name, words.map((w) => JSON.stringify(w)).join(' or '), value)
  fields.taken.push(name)
  return word as W
}

export function takeString(fields: Fields, name: string): string {
  const value = fields.json[name]
  if (typeof value !== 'string') refuse(fields, name, 'a string', value)
  fields.taken.push(name)
  return value as string
}

export function takeTrue(fields: Fields, name: string): void {
  if (fields.json[name] !== true) refuse(fields, name, 'true', fields.json[name])
  fields.taken.push(name)
}

export function takeInts(fields: Fields, name: string, length: number, min: number, max: number): number[] {
  const value = fields.json[name]
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    value.length > length ||
    !value.every(isIntIn(min, max))
  ) {
    refuse(fields, name, `1 to ${length} of ${intRange(min, max)}`, value)
  }
  fields.taken.push(name)
  return value as number[]
}

export function takeObject(fields: Fields, name: string): Readonly<Record<string, unknown>> {
  const inner = fieldsOf(fields.json[name], fields.line, `${fields.what}: "${name}"`)
  fields.taken.push(name)
  return inner.json
}

export function noMore(fields: Fields): void {
  const names = Object.keys(fields.json)
  if (names.length === fields.taken.length) return
  const unknown = names.find((name) => !fields.taken.includes(name))
  throw new TraceError(fields.line, `${fields.what}: expected no field "${unknown}"`)
}

export function refuse(fields: Fields, name: string, expected: string, value: unknown): never {
  throw new TraceError(fields.line, `${fields.what}: "${name}": expected ${expected}, got ${show(value)}`)
}

function intRange(min: number, max: number): string {
  return min === max ? `${min}` : `an integer from ${min} to ${max}`
}

function isIntIn(min: number, max: number): (value: unknown) => boolean {
  return (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max
}
