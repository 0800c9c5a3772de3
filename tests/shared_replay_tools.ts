/** A recording as its events. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { LogItem, Start, TraceEvent } from '#internal/trace/event.js'
import { createRecordingReader } from '#internal/trace/recording/recording.js'

function itemsOf(path: string): LogItem[] {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const items: LogItem[] = []
  const reader = createRecordingReader((item) => void items.push(item))
  const lines = text.split('\n').filter((line) => line !== '')
  lines.forEach((line, i) => void reader.line(line, i + 1))
  reader.finish(lines.length)
  return items
}

export function eventsOf(path: string): TraceEvent[] {
  return itemsOf(path).filter((item): item is TraceEvent => item.kind === 'event')
}

export function startOf(path: string): Start {
  return itemsOf(path).find((item): item is Start => item.kind === 'start') as Start
}
