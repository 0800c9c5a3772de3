/** The page: what is open on the left, what is known of it on the right, time below. */
import type { ComponentType } from 'preact'
import { Ask } from './ask.tsx'
import { setTheme, useTheme } from './colors.ts'
import { Findings } from './findings.tsx'
import { Hash } from './hash.tsx'
import { Help, showHelp } from './help.tsx'
import { PidMap } from './map.tsx'
import { Player, usePlayback } from './player.tsx'
import { Start } from './start.tsx'
import { Steps } from './steps.tsx'
import * as S from './store.ts'
import { Story } from './story.tsx'
import { Tree } from './tree.tsx'

const PANELS: Record<S.Panel, { readonly title: string; readonly view: ComponentType }> = {
  processes: { title: 'Processes', view: Tree },
  map: { title: 'Pidmap', view: PidMap },
  steps: { title: 'Steps', view: Steps },
  hash: { title: 'Lookup', view: Hash },
  ask: { title: 'Who?', view: Ask },
  findings: { title: 'Findings', view: Findings },
}

export function App() {
  usePlayback()
  return (
    <>
      <Header />
      {S.opened.value === undefined || S.opening.value !== undefined ? <Start /> : <Desk />}
      <Help />
    </>
  )
}

function Header() {
  const theme = useTheme()
  const told = S.opened.value
  return (
    <header class="top">
      <button type="button" class="plain brand" onClick={S.close}>
        pidns <span class="wide-only">explorer</span>
      </button>
      <span class="what">
        {told === undefined ? '' : told.name}
        {told !== undefined && (
          <span class="quiet">
            {' '}
            {told.format}
            {told.lines > 0 ? `, ${told.lines.toLocaleString('en-US')} lines` : ''}
          </span>
        )}
      </span>
      {told !== undefined && (
        <button type="button" onClick={S.close}>
          Open<span class="wide-only"> another</span>…
        </button>
      )}
      <button type="button" aria-label="Keys" title="Keys (?)" aria-haspopup="dialog" onClick={showHelp}>
        ?
      </button>
      <button
        type="button"
        aria-label={theme === 'dark' ? 'Light colours' : 'Dark colours'}
        title={theme === 'dark' ? 'Light' : 'Dark'}
        onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}
      >
        {theme === 'dark' ? '☀' : '☾'}
      </button>
    </header>
  )
}

function Desk() {
  const isNarrow = S.narrow.value
  const names = Object.keys(PANELS) as S.Panel[]
  const tabs = isNarrow ? names : names.filter((name) => name !== 'processes' && name !== 'map')
  const wantedTab = S.panel.value
  const current = tabs.includes(wantedTab) ? wantedTab : 'steps'
  const { view: View } = PANELS[current]
  return (
    <>
      <main class={isNarrow ? 'desk narrow' : 'desk'}>
        {(S.opened.value?.beats.length ?? 0) > 0 && <Story />}
        {!isNarrow && (
          <section class="pane pane-tree" aria-label="Processes">
            <Tree />
          </section>
        )}
        {!isNarrow && (
          <section class="pane pane-map" aria-label="Pidmap">
            <PidMap />
          </section>
        )}
        <section class="pane pane-tabs" aria-label="Details">
          <Tabs tabs={tabs} current={current} />
          <div class="tab-body" id={`panel-${current}`} role="tabpanel" aria-labelledby={`tab-${current}`}>
            <View />
          </div>
        </section>
      </main>
      <Player />
    </>
  )
}

function Tabs({ tabs, current }: { readonly tabs: readonly S.Panel[]; readonly current: S.Panel }) {
  const choose = (name: S.Panel): void => {
    S.panel.value = name
    requestAnimationFrame(() => document.getElementById(`tab-${name}`)?.focus())
  }
  return (
    <div
      class="tabs"
      role="tablist"
      aria-label="Views"
      onKeyDown={(event) => {
        const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
        if (by === 0) return
        event.preventDefault()
        event.stopPropagation()
        choose(tabs[(tabs.indexOf(current) + by + tabs.length) % tabs.length] as S.Panel)
      }}
    >
      {tabs.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === current}
          aria-controls={name === current ? `panel-${name}` : undefined}
          tabIndex={name === current ? 0 : -1}
          onClick={() => {
            S.panel.value = name
          }}
        >
          {PANELS[name].title}
          {name === 'findings' && (S.opened.value?.findings.length ?? 0) > 0 && (
            <span class="count">{S.opened.value?.findings.length}</span>
          )}
        </button>
      ))}
    </div>
  )
}
