// The page, as one HTML file that opens from a disk: everything inline, nothing fetched.
import { resolve } from 'node:path'
import { defineConfig } from 'vite'
import { viteSingleFile } from 'vite-plugin-singlefile'
import { libraryBuilds } from './build/library_builds.mjs'

export default defineConfig({
  root: resolve('explorer'),
  publicDir: false,
  cacheDir: resolve('out/explorer/vite'),
  plugins: [libraryBuilds(), viteSingleFile()],
  worker: { format: 'iife', plugins: () => [libraryBuilds()] },
  build: {
    outDir: resolve('dist/explorer'),
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 4000,
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  logLevel: 'warn',
})
