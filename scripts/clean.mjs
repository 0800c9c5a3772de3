// Removes what the build, the tests and the coverage made.
import { rm } from 'node:fs/promises'

for (const folder of ['dist', 'out', 'coverage']) await rm(folder, { recursive: true, force: true })
