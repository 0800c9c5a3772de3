/** The page begins. */
import { effect } from '@preact/signals'
import { render } from 'preact'
import './style/base.css'
import './style/desk.css'
import './style/tree.css'
import './style/panels.css'
import './style/time.css'
import './style/help.css'
import './style/small.css'
import { App } from './app.tsx'
import { takeKeys } from './keys.ts'
import { takeDrops } from './open_file.ts'
import { keepAddress, openAddress } from './place.ts'
import { view } from './store.ts'

effect(() => {
  const shown = view.value
  if (shown === undefined) delete document.documentElement.dataset.step
  else document.documentElement.dataset.step = String(shown.step)
})
render(<App />, document.getElementById('page') as HTMLElement)
takeKeys()
takeDrops()
void openAddress().then(keepAddress)
