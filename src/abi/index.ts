/** Numbers and names of Linux's system-call interface, as far as process IDs go: `import { SIGKILL } from 'pidns/abi'`. */
export * from './clone.ts'
export * from './errno.ts'
export * from './limits.ts'
export * from './pidfd.ts'
export * from './prctl.ts'
export * from './reboot.ts'
export * from './signal.ts'
export * from './wait.ts'
