/** What stories there are, for the page, which does not tell them itself: stories.ts has the scripts. */
export interface StoryTitle {
  readonly id: string
  readonly title: string
  readonly about: string
}

export const STORIES: readonly StoryTitle[] = [
  {
    id: 'first-zero-bit',
    title: 'The first zero bit, and the way round',
    about: 'How a number is chosen, why a freed one does not come back at once, and what is reserved.',
  },
  {
    id: 'many-numbers',
    title: 'One process, many numbers',
    about: 'A process has a number in each namespace that sees it: its own, and all those around it.',
  },
  {
    id: 'interrupts',
    title: 'What the saved interrupts protect',
    about:
      'spin_lock_irqsave remembers whether interrupts were on. Why that matters, and what the simpler pair would do.',
  },
  {
    id: 'rcu',
    title: 'A reader during a free',
    about: 'Why call_rcu: somebody may still be reading what is freed, and must neither wait nor fall.',
  },
  {
    id: 'init-death',
    title: 'Init’s death, and the zombie that holds a dying namespace',
    about: 'A namespace ends with its init - unless somebody outside has not waited.',
  },
  {
    id: 'zombies',
    title: 'Zombies, and who must wait',
    about: 'What a zombie keeps, who adopts orphans, and what a subreaper is for.',
  },
]
