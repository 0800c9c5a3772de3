/** The scripts of the six stories, by their ids. */
import { INIT_DEATH, ZOMBIES } from './stories_end.ts'
import { INTERRUPTS, RCU } from './stories_lock.ts'
import { FIRST_ZERO_BIT, MANY_NUMBERS } from './stories_number.ts'
import { type Story, type ToldStory, tell } from './story.ts'
import { STORIES } from './story_list.ts'

const SCRIPTS: readonly Story[] = [FIRST_ZERO_BIT, MANY_NUMBERS, INTERRUPTS, RCU, INIT_DEATH, ZOMBIES]

export function tellStory(id: string, lookup: 'hash' | 'idr'): ToldStory {
  const story = SCRIPTS.find((one) => one.id === id)
  const title = STORIES.find((one) => one.id === id)?.title
  if (story === undefined || title === undefined) throw new Error(`there is no story ${id}`)
  return tell(story, title, lookup)
}
