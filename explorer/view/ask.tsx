/** Who has this number, there and everywhere else, now and over time; and the life of whoever was chosen. */
import { useSignal } from '@preact/signals'
import { signalName } from '../../src/abi/signal.ts'
import { ADOPTED, ENDED, REAPED, SIGNALLED } from '../engine/lives.ts'
import type { LifeName, LifeView } from '../engine/protocol.ts'
import * as S from './store.ts'

export function Ask() {
  const nr = useSignal('')
  const ns = useSignal(0)
  const shown = S.view.value
  if (shown === undefined) return null
  const { namespaces } = shown.snapshot
  const chosen = namespaces.some(({ inum }) => inum === ns.value) ? ns.value : (namespaces[0]?.inum ?? 0)
  return (
    <div class="ask">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const number = Number(nr.value)
          if (nr.value !== '' && Number.isInteger(number)) void S.askFor(chosen, number)
        }}
      >
        <label>
          Number{' '}
          <input
            type="number"
            min={1}
            required
            value={nr.value}
            onInput={(event) => {
              nr.value = event.currentTarget.value
            }}
          />
        </label>
        <label>
          in{' '}
          <select
            value={chosen}
            onChange={(event) => {
              ns.value = Number(event.currentTarget.value)
            }}
          >
            {namespaces.map(({ inum, level }) => (
              <option key={inum} value={inum}>
                {S.nsName(inum)} (level {level - (S.opened.value?.level ?? 0)})
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Who is it?</button>
      </form>
      <Reuse />
      {S.life.value === undefined ? (
        <p class="quiet">Ask for a number, or choose a process on the left.</p>
      ) : (
        <LifeStory life={S.life.value} />
      )}
    </div>
  )
}

/** Everybody who ever had the number, one line each. */
function Reuse() {
  const asked = S.asked.value
  if (asked === undefined) return null
  const { nr, ns, lives } = asked
  const place = `${nr} in ${S.nsName(ns)}`
  const now = lives.find((one) => S.isAt(one, S.wanted.value))
  const steps = Math.max(1, S.opened.value?.steps ?? 1)
  return (
    <section aria-live="polite">
      <h3>{place}</h3>
      <p>
        {lives.length === 0
          ? 'Nobody ever had this number there.'
          : `${now === undefined ? 'Now nobody has it' : `Now it is ${numbersText(now)}`}. ${lives.length === 1 ? 'One process has had it.' : `${lives.length} processes have had it: it was given out again.`}`}
      </p>
      <ul class="reuse">
        {lives.map((one) => (
          <li key={one.id}>
            <span class="span" aria-hidden="true">
              <i
                style={{
                  left: `${(one.born / steps) * 100}%`,
                  width: `${Math.max(0.8, (((one.gone < 0 ? steps : one.gone) - one.born) / steps) * 100)}%`,
                }}
              />
            </span>
            <button type="button" class="link" onClick={() => void S.showLife(one.id)}>
              {numbersText(one)}
            </button>{' '}
            <StepLink
              step={one.born}
              text={one.born === 0 ? 'from the beginning' : `from step ${one.born}`}
            />{' '}
            {one.gone < 0 ? (
              <span class="quiet">to the end</span>
            ) : (
              <StepLink step={one.gone} text={`to step ${one.gone}`} />
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function LifeStory({ life }: { readonly life: LifeView }) {
  const at = S.wanted.value
  const ended = life.happenings.find(({ kind }) => kind === ENDED)
  const isThere = S.isAt(life, at)
  const isZombie =
    isThere &&
    ended !== undefined &&
    ended.step <= at &&
    !life.happenings.some(({ kind, step }) => kind === REAPED && step <= at)
  const adoptions = life.happenings.filter(({ kind }) => kind === ADOPTED)
  const parentNow = adoptions.filter(({ step }) => step <= at).at(-1)?.who ?? life.parent
  return (
    <section class="life" aria-live="polite">
      <h3>
        {life.numbers.map(({ nr, ns }) => (
          <span key={ns} class="where">
            <strong>{nr}</strong> in {S.nsName(ns)}
          </span>
        ))}
      </h3>
      <p>
        {at < life.born
          ? 'Not born yet.'
          : isThere
            ? isZombie
              ? 'A zombie.'
              : ended !== undefined && ended.step <= at
                ? 'Ended, and its number is still held.'
                : 'Alive.'
            : 'Gone.'}
        {isZombie && (
          <>
            {' '}
            Its parent, <Who name={parentNow} />, has not waited for it.{' '}
            {life.happenings.some(({ kind, step }) => kind === REAPED && step > at)
              ? 'It will.'
              : 'It never does in this log.'}
          </>
        )}
      </p>
      <ol class="happenings">
        <li class={life.born <= at ? 'past' : ''}>
          <StepLink
            step={life.born}
            text={life.born === 0 ? 'there from the beginning' : `step ${life.born}`}
          />{' '}
          {life.born > 0 && 'born'}
          {life.parent !== undefined && (
            <>
              , child of <Who name={life.parent} />
            </>
          )}
        </li>
        {life.happenings.map(({ step, kind, other, who }, i) => (
          <li key={i} class={step <= at ? 'past' : ''}>
            <StepLink step={step} text={`step ${step}`} /> {kind === ENDED && endText(other)}
            {kind === SIGNALLED && `was sent ${signalName(other)}`}
            {kind === ADOPTED && (
              <>
                lost its parent, adopted by <Who name={who} />
              </>
            )}
            {kind === REAPED &&
              (who === undefined || who.id === life.id ? (
                'released'
              ) : (
                <>
                  released; waited for, or left behind, by <Who name={who} />
                </>
              ))}
          </li>
        ))}
        {life.gone >= 0 && (
          <li class={life.gone <= at ? 'past' : ''}>
            <StepLink step={life.gone} text={`step ${life.gone}`} /> its numbers are free
          </li>
        )}
      </ol>
      {life.children.length > 0 && (
        <p>
          Children:{' '}
          {life.children.map((child) => (
            <span key={child.id}>
              <Who name={child} />{' '}
            </span>
          ))}
        </p>
      )}
    </section>
  )
}

function endText(code: number): string {
  const sig = code & 0x7f
  return sig !== 0 ? `ended by ${signalName(sig)}` : `ended with status ${(code >> 8) & 0xff}`
}

function Who({ name }: { readonly name: LifeName | undefined }) {
  if (name === undefined) return <>somebody outside</>
  return (
    <button type="button" class="link" onClick={() => void S.showLife(name.id)}>
      {name.numbers.length === 0 ? 'the world outside' : name.numbers.join(' · ')}
    </button>
  )
}

function StepLink({ step, text }: { readonly step: number; readonly text: string }) {
  return (
    <button type="button" class="link" onClick={() => void S.seek(step)}>
      {text}
    </button>
  )
}

function numbersText({ numbers }: LifeView): string {
  return numbers.map(({ nr, ns }) => `${nr} in ${S.nsName(ns)}`).join(', ')
}
