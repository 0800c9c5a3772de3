/**
 * The processes that are left, as a tree: who is whose child, under which numbers, and where a namespace begins.
 * Built once, at the end of a log, from the library's own tasks; O(tasks x namespaces).
 */
import type { Task } from '../../index.ts'
import type { TaskState } from '../event.ts'
import { stateOf } from '../task_state.ts'

export interface TreeNode {
  /** Numbers, group and session as the log's own namespace sees them, one per level down to the task's own. */
  readonly state: TaskState
  readonly comm: string
  /** The number, in the log's own namespace, of the init of the namespace it is in. */
  readonly namespace: number
  readonly threads: readonly TreeNode[]
  readonly children: readonly TreeNode[]
}

interface Grown extends TreeNode {
  readonly threads: Grown[]
  readonly children: Grown[]
}

/** The tree below `root`, of those of `tasks` that `root` sees. Siblings stand in the order of `tasks`. */
export function buildTree(root: Task, tasks: readonly Task[]): TreeNode | undefined {
  const inits = tasks.filter((task) => task.nspid.at(-1) === 1 && task.level >= root.level)
  const nodes = new Map<Task, Grown>()
  for (const task of tasks) {
    const state = root.pidOf(task) === 0 ? undefined : stateOf(task, root)
    if (state === undefined) continue
    nodes.set(task, {
      state,
      comm: task.comm,
      namespace: namespaceOf(task, root, inits),
      threads: [],
      children: [],
    })
  }
  const top = nodes.get(root)
  for (const [task, node] of nodes) {
    if (task.leader !== task) (nodes.get(task.leader) ?? top)?.threads.push(node)
    else if (task !== root) (nodes.get(task.parent ?? root) ?? top)?.children.push(node)
  }
  return top
}

function namespaceOf(task: Task, root: Task, inits: readonly Task[]): number {
  const init = inits.find((candidate) => candidate.level === task.level && candidate.pidOf(task) !== 0)
  return init === undefined ? 0 : root.pidOf(init)
}

export interface TreeRow {
  /** What is drawn in front of the node. */
  readonly branch: string
  readonly node: TreeNode
  readonly isThread: boolean
  /** Whether it is in another namespace than the node above it. */
  readonly crosses: boolean
}

/** The tree line by line, as it is drawn. */
export function treeRows(top: TreeNode): TreeRow[] {
  const rows: TreeRow[] = []
  /** Each entry: a node and the drawing in front of it and in front of what is below it. */
  const left = [{ node: top, branch: '', below: '', isThread: false, crosses: false }]
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const { node, branch, below, isThread, crosses } = at
    rows.push({ branch, node, isThread, crosses })
    const under = [...node.threads, ...node.children]
    for (let i = under.length - 1; i >= 0; i--) {
      const last = i === under.length - 1
      const child = under[i] as TreeNode
      left.push({
        node: child,
        branch: `${below}${last ? '└─ ' : '├─ '}`,
        below: `${below}${last ? '   ' : '│  '}`,
        isThread: i < node.threads.length,
        crosses: child.namespace !== node.namespace,
      })
    }
  }
  return rows
}
