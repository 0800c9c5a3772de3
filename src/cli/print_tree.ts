/**
 * The process tree in text: per process its numbers, one column per namespace level, its group and session, and its place.
 *
 *   PID  NS2  PGID  SID
 *     1          1    1  1
 *     9    1     1    1  ├─ 9  namespace
 *    13  325     1    1  │  └─ 13  stopped
 */
import { type TreeNode, type TreeRow, treeRows } from '../trace/index.ts'
import type { Paint } from './paint.ts'

const ROWS = 40

export function treeLines(tree: TreeNode, all: boolean, paint: Paint): string[] {
  const rows = treeRows(tree)
  const shown = all || rows.length <= ROWS ? rows : rows.slice(0, ROWS - 1)
  const cells = [headerCells(shown), ...shown.map(({ node }) => nodeCells(node, depth(shown)))]
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  const lines = cells.map((row, i) => {
    const numbers = row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')
    const at = shown[i - 1]
    return at === undefined
      ? paint.dim(numbers)
      : `${numbers}  ${paint.dim(at.branch)}${label(at, tree, paint)}`
  })
  if (shown.length < rows.length)
    lines.push(paint.dim(`… and ${rows.length - shown.length} more (--all shows them)`))
  return lines
}

function depth(rows: readonly TreeRow[]): number {
  return Math.max(...rows.map(({ node }) => node.state.pid.length))
}

function headerCells(rows: readonly TreeRow[]): string[] {
  const inner = Array.from({ length: depth(rows) - 1 }, (_, i) => `NS${i + 2}`)
  return ['PID', ...inner, 'PGID', 'SID']
}

function nodeCells({ state: { pid, pgid, sid } }: TreeNode, levels: number): string[] {
  const numbers = Array.from({ length: levels }, (_, level) => `${pid[level] ?? ''}`)
  return [...numbers, `${pgid[0]}`, `${sid[0]}`]
}

const STATE_WORDS = { S: '', T: 'stopped', Z: 'zombie', E: 'exiting' } as const

function label({ node, isThread, crosses }: TreeRow, tree: TreeNode, paint: Paint): string {
  const { state, comm, namespace } = node
  const nr = state.pid[0]
  const words = [isThread ? `{${nr}}` : `${nr}`]
  if (comm !== tree.comm) words.push(comm)
  if (crosses) words.push(paint.cyan(namespace === nr ? 'namespace' : `in the namespace of ${namespace}`))
  const word = STATE_WORDS[state.state]
  if (word !== '') words.push(paint.yellow(word))
  return words.join(' ')
}
