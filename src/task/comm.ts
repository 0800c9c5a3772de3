/**
 * A task's name: up to 15 bytes, none of them zero, which need not be whole characters. Linux: fs/exec.c
 * (`__get_task_comm`, `__set_task_comm`).
 */
import { TASK_COMM_LEN } from '../abi/limits.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import type { PidTable } from '../pid/table.ts'

/** The bytes of the name. */
export function getTaskComm(table: PidTable, task: TaskRef): number[] {
  const w = table.words
  const bytes: number[] = []
  for (let i = 0; i < TASK_COMM_LEN; i++) {
    const byte = (w[task + L.TASK_COMM + (i >> 2)] >>> (8 * (i & 3))) & 0xff
    if (byte === 0) break
    bytes.push(byte)
  }
  return bytes
}

/** Gives the task the name of these bytes; what is beyond the fifteenth is left out. */
export function setTaskComm(table: PidTable, task: TaskRef, bytes: readonly number[]): void {
  const w = table.words
  w.fill(0, task + L.TASK_COMM, task + L.TASK_COMM + L.TASK_COMM_WORDS)
  for (let i = 0; i < Math.min(bytes.length, TASK_COMM_LEN - 1); i++) {
    w[task + L.TASK_COMM + (i >> 2)] |= (bytes[i] as number) << (8 * (i & 3))
  }
}
