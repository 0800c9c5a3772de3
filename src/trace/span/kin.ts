/**
 * Whose children are whose: a list through the children, in the order in which they came, as the kernel's `children` and
 * `sibling`. They come and go without a trace.
 */
import type { Proc } from './actor.ts'

export function addChild(parent: Proc, child: Proc): undefined {
  const { youngest } = parent
  child.elder = youngest
  if (youngest === undefined) parent.eldest = child
  else youngest.younger = child
  parent.youngest = child
}

/** From the list of its parent, if it has one. */
export function removeChild(child: Proc): undefined {
  const { parent, elder, younger } = child
  if (parent === undefined) return
  if (elder !== undefined) elder.younger = younger
  else if (parent.eldest === child) parent.eldest = younger
  if (younger !== undefined) younger.elder = elder
  else if (parent.youngest === child) parent.youngest = elder
  child.elder = child.younger = undefined
}

/** As they are now: who comes or goes meanwhile does not matter. */
export function childrenOf({ eldest }: Proc): readonly Proc[] {
  if (eldest === undefined) return NOBODY
  const children: Proc[] = []
  for (let child: Proc | undefined = eldest; child !== undefined; child = child.younger) children.push(child)
  return children
}

const NOBODY: readonly Proc[] = []
