/**
 * The packages that are measured against, and the one that draws: installed in bench/peers when first asked for. Their
 * install scripts are not run (one would compile a database for a minute, which is no part of what is measured).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const FOLDER = new URL('../../bench/peers/', import.meta.url)

/** Installs what is missing. Throws where that fails. */
export function installPeers(): void {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', FOLDER), 'utf8'))
  if (Object.keys(dependencies).every((name) => existsSync(new URL(`node_modules/${name}/`, FOLDER)))) return
  console.error('Installing the peers in bench/peers ...')
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', args, { cwd: fileURLToPath(FOLDER), stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('npm ci failed in bench/peers')
}

/** A peer as its users import it. */
export async function importPeer<Module>(name: string): Promise<Module> {
  const resolve = createRequire(new URL('package.json', FOLDER)).resolve
  return (await import(pathToFileURL(resolve(name)).href)) as Module
}
