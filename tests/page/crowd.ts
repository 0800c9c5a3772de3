/** A log of strace in which very many processes are born, all over the largest pidmap, and some of them end. */
import { randomFrom } from './random.ts'

/** The largest numbers are left to others: the log begins with a number that its namespace's init has not given out. */
const FIRST = 1000
const LARGEST = 4_194_000

/** Its text. At its end so many processes live, and `ends` have come and gone. */
export function crowdLog(living: number, ends: number): string {
  const random = randomFrom(living)
  const gap = Math.floor((2 * (LARGEST - FIRST)) / (living + ends))
  const lines: string[] = []
  const line = (nr: number, text: string): void => {
    const micros = String(lines.length + 100_000)
    lines.push(`${String(nr).padEnd(7)} 1795323109.${micros} ${text}\n`)
  }
  const numbers = [FIRST]
  const parents = [0]
  const isParent = new Set([0])
  line(FIRST, 'execve("/bin/bash", ["bash"], 0x7ffdb6a0 /* 8 vars */) = 0')
  for (let i = 1; i < living + ends; i++) {
    const by = random(i)
    numbers.push(Math.min(LARGEST + i, (numbers[i - 1] as number) + 1 + random(gap)))
    parents.push(by)
    isParent.add(by)
    line(numbers[by] as number, `clone(child_stack=NULL, flags=SIGCHLD) = ${numbers[i]}`)
  }
  const leaves = [...numbers.keys()].filter((i) => !isParent.has(i)).slice(0, ends)
  for (const leaf of leaves) {
    const [nr, parent] = [numbers[leaf] as number, numbers[parents[leaf] as number] as number]
    line(nr, 'exit_group(0) = ?')
    line(nr, '+++ exited with 0 +++')
    line(parent, `wait4(${nr}, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = ${nr}`)
  }
  return lines.join('')
}
