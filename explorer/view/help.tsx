/** The keys, on a sheet of their own. */

type Key = readonly [keys: string, what: string]

const KEYS: readonly { readonly where: string; readonly keys: readonly Key[] }[] = [
  {
    where: 'Everywhere',
    keys: [
      ['← →', 'a step back, a step forward'],
      ['Home End', 'to the beginning, to the end'],
      ['Page Up, Page Down', 'far back, far forward'],
      ['Space', 'play, pause'],
      ['1 to 6', 'processes, pidmap, steps, lookup, who, findings'],
      ['?', 'these keys'],
    ],
  },
  {
    where: 'In the tree of processes',
    keys: [
      ['↑ ↓ ←', 'from row to row, to the parent'],
      ['Enter', 'the life of a process, the map of a namespace'],
    ],
  },
  {
    where: 'In the pidmap',
    keys: [
      ['← → ↑ ↓', 'from number to number'],
      ['+ −', 'nearer, farther'],
      ['Enter', 'who has this number'],
    ],
  },
  {
    where: 'On the timeline',
    keys: [
      ['← →', 'a two-hundredth of the log back, forward'],
      ['Page Up, Page Down', 'a tenth of the log back, forward'],
      ['↑ ↓', 'the finding before, the next finding'],
    ],
  },
]

const ID = 'help'

function sheet(): HTMLDialogElement {
  return document.getElementById(ID) as HTMLDialogElement
}

export function showHelp(): void {
  if (!sheet().open) sheet().showModal()
}

export function Help() {
  return (
    <dialog id={ID} aria-labelledby="help-title">
      <header class="sheet-head">
        <h2 id="help-title">Keys</h2>
        <button type="button" onClick={() => sheet().close()}>
          Close
        </button>
      </header>
      {KEYS.map(({ where, keys }) => (
        <section key={where} aria-label={where}>
          <h3>{where}</h3>
          <dl>
            {keys.map(([name, what]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </dialog>
  )
}
