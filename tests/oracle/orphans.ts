/**
 * Groups that nobody outside them, in their session, could continue. The one parent that never counts is number 1 of the
 * outermost namespace.
 */
import { CONT, HUP } from './linux.ts'
import { send } from './send.ts'
import type { Name, Process, World } from './world.ts'

/** Has no member but `leaving` a parent in another group of the same session? */
export function isOrphaned(w: World, group: Name, leaving?: Process): boolean {
  return group.group.every((member) => {
    const parent = member.parent?.process
    if (member === leaving || parent === undefined || parent === w.init) return true
    if (member.leader.zombie && member.threads.length === 1) return true
    return parent.group === group || parent.session !== member.session
  })
}

/**
 * `process` has lost its link to `parent`, because it ends itself (`leaving`) or because the parent does. If its group is
 * orphaned now and has a stopped member, the group is hung up and continued.
 */
export function lostLink(w: World, process: Process, parent: Process | undefined, leaving: boolean): void {
  const { group } = process
  if (parent === undefined || parent.group === group || parent.session !== process.session) return
  if (!isOrphaned(w, group, leaving ? process : undefined)) return
  if (!group.group.some((member) => member.stopped)) return
  for (const sig of [HUP, CONT]) {
    for (const member of [...group.group]) send(w, sig, member.leader, { to: 'group', forced: true })
  }
}
