/**
 * Finds the number of the first task of a log that gives none while there is only one: from what that task is told of
 * itself, or from the first number in brackets that is not a child's.
 */
import { newLine, readLine } from './head.ts'
import { messageIn } from './message.ts'

export interface RootFinder {
  /** The number, if this line settles it: it has been told twice, or there is nobody else who can tell. */
  look(text: string): number | undefined
  /** The best that can be said without it: the number before that of the first child, or the smallest there is. */
  guess(): number
}

const OWN_NUMBER = /^(?:getpid|gettid|set_tid_address)\(.*\) += (\d+)(?:<.*>)?$/
const TIME_SPENT = / <[\d.]+>$/
const MADE = /^v?fork\(.*\) += (\d+)|^clone3?\(.*\) += (\d+)/
const MAKING = /^(?:v?fork|clone3?)\(/
const FIRST_NUMBER = 2

export function createRootFinder(): RootFinder {
  const line = newLine()
  const children = new Set<number>()
  let begun = false
  let attaches = false
  let alone = true
  /** How often each number was told as its own. */
  const votes = new Map<number, number>()
  /** A call that makes a child is under way, and the child's number is not known. */
  let making = false

  function elected(): number | undefined {
    let best: number | undefined
    for (const [nr, count] of votes) if (best === undefined || count > (votes.get(best) ?? 0)) best = nr
    return best
  }

  function lookAtBracketed(pid: number, body: string): number | undefined {
    alone = false
    if (votes.size > 0) return elected()
    if (children.has(pid)) return undefined
    if (attaches || !making || /^<\.\.\. (?:v?fork|clone3?) resumed>/.test(body)) return pid
    children.add(pid)
    return undefined
  }

  return {
    look(text: string): number | undefined {
      const message = messageIn(text)
      const own = message === undefined ? text : text.slice(0, message.at)
      readLine(own, 0, line)
      const body = own.slice(line.at).replace(TIME_SPENT, '')
      const { bracketed, by } = line
      let found: number | undefined
      if (body !== '') found = bracketed ? lookAtBracketed(by, body) : lookAtPlain(body)
      if (message?.attached === undefined) return found
      if (!begun) return message.attached
      attaches = true
      alone = false
      children.add(message.attached)
      return found
    },
    guess(): number {
      const told = elected()
      if (told !== undefined) return told
      const [first] = [...children].sort((a, b) => a - b)
      return Math.max(first === undefined ? FIRST_NUMBER : first - 1, 1)
    },
  }

  function lookAtPlain(body: string): number | undefined {
    begun = true
    if (MAKING.test(body)) {
      const made = MADE.exec(body)
      making = made === null
      if (made !== null) children.add(Number(made[1] ?? made[2]))
    }
    const own = alone ? OWN_NUMBER.exec(body) : null
    if (own === null) return making || children.size > 0 ? elected() : undefined
    const nr = Number(own[1])
    votes.set(nr, (votes.get(nr) ?? 0) + 1)
    return (votes.get(nr) ?? 0) > 1 ? nr : undefined
  }
}
