/** Nothing is open yet: what can be opened. */
import { STORIES } from '../engine/story_list.ts'
import { EXAMPLES } from './examples.ts'
import { openFile } from './open_file.ts'
import { openNamed } from './place.ts'
import * as S from './store.ts'

export function Start() {
  const { value: trouble } = S.trouble
  const { value: opening } = S.opening
  if (opening !== undefined) return <Opening />
  return (
    <main class="start">
      {trouble !== undefined && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      <section class="drop">
        <h1>See what the kernel’s PID code does</h1>
        <p>
          Drop a log here: text of <code>strace -f</code> or ftrace, a recording, a saved table; plain or{' '}
          <code>.gz</code>. It stays on your machine: this page is the library itself, and asks no network.
        </p>
        <label class="button">
          Open a file…
          <input
            type="file"
            class="hidden"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0]
              if (file !== undefined) void openFile(file)
            }}
          />
        </label>
      </section>
      <section>
        <h2>Stories</h2>
        <ul class="cards">
          {STORIES.map(({ id, title, about }) => (
            <li key={id}>
              <button type="button" onClick={() => void openNamed(`story:${id}`, undefined)}>
                <b>{title}</b>
                <span>{about}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>Logs of a real kernel</h2>
        <ul class="cards">
          {EXAMPLES.map(({ id, name, about }) => (
            <li key={id}>
              <button type="button" onClick={() => void openNamed(`example:${id}`, undefined)}>
                <b>{name}</b>
                <span>{about}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    </main>
  )
}

function Opening() {
  const { name = '', progress } = S.opening.value ?? {}
  return (
    <main class="start">
      <section class="opening" aria-live="polite">
        <h1>Reading {name}</h1>
        <progress
          aria-label={`Reading ${name}`}
          max={progress?.of ?? 1}
          value={progress === undefined ? undefined : progress.read}
        />
        <p>{progress === undefined ? ' ' : `${progress.events.toLocaleString('en-US')} events replayed`}</p>
      </section>
    </main>
  )
}
