/** A story: text beside the picture, beat by beat. */
import * as S from './store.ts'

export function Story() {
  const told = S.opened.value
  const beat = S.beat.value
  if (told === undefined || beat === undefined) return null
  const { beats } = told
  const at = beats.indexOf(beat)
  const last = at === beats.length - 1
  return (
    <section class="story" aria-label={told.name}>
      <div class="story-text" aria-live="polite">
        <h2>
          <span class="beat-nr">
            {at + 1} of {beats.length}
          </span>{' '}
          {beat.title}
        </h2>
        <p>{beat.text}</p>
      </div>
      <div class="story-nav">
        <button type="button" disabled={at === 0} onClick={() => void S.seek((beats[at - 1] ?? beat).step)}>
          Back
        </button>
        {last ? (
          <button type="button" class="main" onClick={S.close}>
            All stories
          </button>
        ) : (
          <button type="button" class="main" onClick={() => void S.seek((beats[at + 1] ?? beat).step)}>
            Next
          </button>
        )}
      </div>
    </section>
  )
}
