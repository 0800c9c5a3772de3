/** The page begins. */
import { render } from 'preact'
import './style.css'
import { App } from './app.tsx'
import { takeKeys } from './keys.ts'
import { takeDrops } from './open_file.ts'
import { keepAddress, openAddress } from './place.ts'

render(<App />, document.getElementById('page') as HTMLElement)
takeKeys()
takeDrops()
void openAddress().then(keepAddress)
