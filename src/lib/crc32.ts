/** CRC-32 (IEEE 802.3), as gzip and PNG use it. */
import type { Words } from './atomic.ts'

const TABLE: Words = new Int32Array(256)
for (let i = 0; i < 256; i++) {
  let c = i
  for (let bit = 0; bit < 8; bit++) c = (c & 1) !== 0 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  TABLE[i] = c
}

/** The checksum of `bytes`, as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  let c = -1
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]) & 0xff] ^ (c >>> 8)
  return ~c >>> 0
}
