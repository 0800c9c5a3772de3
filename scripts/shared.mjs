// node --import ./scripts/shared.mjs PROGRAM   runs a program with the shared build in the place of the plain one:
// whatever it imports of dist/ comes from dist/shared/ instead. The tests are run a second time that way.
import { register } from 'node:module'

register(import.meta.resolve('./shared_hooks.mjs'))
