/** Measures one row in a process of its own: nothing that V8 learnt from another row is in it. */
import { FULL, SHORT } from './measure.ts'
import { resultOf } from './rows.ts'

const [id = '', effort] = process.argv.slice(2)
const result = await resultOf(id, effort === 'short' ? SHORT : FULL)
process.send?.(result)
