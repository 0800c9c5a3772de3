/**
 * Error numbers of Linux (asm-generic), with the text that strerror(3) gives. Inside the library an error is a
 * negative number, as in the kernel: `-ESRCH`.
 */
export const EPERM = 1
export const ENOENT = 2
export const ESRCH = 3
export const EINTR = 4
export const EBADF = 9
export const ECHILD = 10
export const EAGAIN = 11
export const ENOMEM = 12
export const EACCES = 13
export const EFAULT = 14
export const EBUSY = 16
export const EEXIST = 17
export const ENOTDIR = 20
export const EISDIR = 21
export const EINVAL = 22
export const ENOTTY = 25
export const ENOSPC = 28
export const EDEADLK = 35
export const ENOSYS = 38

const ERRORS: Record<number, readonly [name: string, text: string]> = {
  [EPERM]: ['EPERM', 'operation not permitted'],
  [ENOENT]: ['ENOENT', 'no such file or directory'],
  [ESRCH]: ['ESRCH', 'no such process'],
  [EINTR]: ['EINTR', 'interrupted system call'],
  [EBADF]: ['EBADF', 'bad file descriptor'],
  [ECHILD]: ['ECHILD', 'no child processes'],
  [EAGAIN]: ['EAGAIN', 'resource temporarily unavailable'],
  [ENOMEM]: ['ENOMEM', 'cannot allocate memory'],
  [EACCES]: ['EACCES', 'permission denied'],
  [EFAULT]: ['EFAULT', 'bad address'],
  [EBUSY]: ['EBUSY', 'device or resource busy'],
  [EEXIST]: ['EEXIST', 'file exists'],
  [ENOTDIR]: ['ENOTDIR', 'not a directory'],
  [EISDIR]: ['EISDIR', 'is a directory'],
  [EINVAL]: ['EINVAL', 'invalid argument'],
  [ENOTTY]: ['ENOTTY', 'inappropriate ioctl for device'],
  [ENOSPC]: ['ENOSPC', 'no space left on device'],
  [EDEADLK]: ['EDEADLK', 'resource deadlock avoided'],
  [ENOSYS]: ['ENOSYS', 'function not implemented'],
}

/** The name of an error number (`errnoName(3)` is `'ESRCH'`); `E<n>` for a number that this library never gives. */
export function errnoName(errno: number): string {
  return ERRORS[errno]?.[0] ?? `E${errno}`
}

/** What strerror(3) says of an error number. */
export function errnoText(errno: number): string {
  return ERRORS[errno]?.[1] ?? 'unknown error'
}
