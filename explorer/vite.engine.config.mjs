// The page's engine alone, as a module of Node: for its tests.
import { resolve } from 'node:path'
import { defineConfig } from 'vite'
import { libraryBuilds } from './build/library_builds.mjs'

export default defineConfig({
  root: resolve('explorer'),
  publicDir: false,
  cacheDir: resolve('out/explorer/vite'),
  plugins: [libraryBuilds()],
  build: {
    lib: { entry: resolve('explorer/engine/probe.ts'), formats: ['es'], fileName: 'engine' },
    outDir: resolve('out/engine'),
    emptyOutDir: true,
    target: 'es2022',
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  logLevel: 'warn',
})
