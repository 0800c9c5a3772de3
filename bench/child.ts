/** Measures one row, or one curve, in a process of its own: nothing that V8 learnt from another is in it. */
import { CURVE_EFFORT, CURVES, measureCurve } from './curves.ts'
import { FULL, SHORT } from './measure.ts'
import { resultOf } from './rows.ts'

const [kind, id = '', effort] = process.argv.slice(2)
const short = effort === 'short'
if (kind === 'row') {
  process.send?.(await resultOf(id, short ? SHORT : FULL))
} else {
  const curve = CURVES.find((one) => one.id === id)
  if (curve === undefined) throw new Error(`there is no curve ${id}`)
  const points = short ? curve.points.slice(0, 2) : curve.points
  process.send?.(await measureCurve({ ...curve, points }, short ? SHORT : CURVE_EFFORT))
}
