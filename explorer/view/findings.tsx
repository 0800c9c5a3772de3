/** What is worth knowing in this log, as `pidns replay` tells it; each is one click from where it came about. */
import * as S from './store.ts'
import { Tag } from './tag.tsx'

export function Findings() {
  const told = S.opened.value
  if (told === undefined) return null
  const { findings, report } = told
  return (
    <div class="findings">
      {report !== undefined && (
        <p class={report.checked === report.matched ? 'verdict' : 'verdict bad'}>
          {report.checked.toLocaleString('en-US')} results checked, {report.matched.toLocaleString('en-US')}{' '}
          equal
          {report.reordered > 0 ? ` (${report.reordered} in another order)` : ''}.
        </p>
      )}
      {findings.length === 0 && <p class="quiet">No findings.</p>}
      <ul>
        {findings.map(({ kind, pid, line, text, step, command }, i) => (
          <li key={i}>
            <Tag kind={kind} text={kind} />{' '}
            <button type="button" class="link" onClick={() => void S.seek(step)}>
              line {line}
            </button>{' '}
            <b>{pid}</b>
            {command === undefined ? '' : ` (${command.slice(0, 40)})`} {text}
          </li>
        ))}
      </ul>
      {report !== undefined && report.differences.length > 0 && (
        <>
          <h3>Differences</h3>
          <ul>
            {report.differences.map(({ line, what, expected, actual }, i) => (
              <li key={i}>
                line {line}: {what}: expected {expected}, got {actual}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
