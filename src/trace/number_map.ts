/**
 * A Map whose keys are integers, for entries that come and go for as long as a log lasts: a new entry takes the place of one
 * that was deleted, and nothing is allocated while no more than ever before are in it.
 *
 * Not a Map: V8 gives that a new table now and then, and each old one points to the next. Once one of them has been found
 * to be old, all that follow are kept until the next full collection, with whatever was in them.
 *
 * Invariant: entries stand in the order in which their keys were put in. Each place is on the chain of its key's bucket
 * and in the list of the order, or on the chain of free ones.
 */
const FIRST_SIZE = 16
const NONE = -1

export class NumberMap<V> {
  size = 0
  private readonly keys: number[] = []
  private readonly held: (V | undefined)[] = []
  /** By bucket, then by place: the next one of the chain. */
  private buckets = filled(2 * FIRST_SIZE)
  private chain = filled(FIRST_SIZE)
  private before = filled(FIRST_SIZE)
  private after = filled(FIRST_SIZE)
  private first = NONE
  private last = NONE
  private free = NONE

  get(key: number): V | undefined {
    const place = this.find(key)
    return place === NONE ? undefined : this.held[place]
  }

  has(key: number): boolean {
    return this.find(key) !== NONE
  }

  /** A key that is in it keeps its place in the order. */
  set(key: number, value: V): undefined {
    const known = this.find(key)
    if (known !== NONE) this.held[known] = value
    else this.add(key, value)
  }

  delete(key: number): boolean {
    const place = this.find(key)
    if (place === NONE) return false
    this.unchain(key, place)
    const before = this.before[place]
    const after = this.after[place]
    if (before === NONE) this.first = after
    else this.after[before] = after
    if (after === NONE) this.last = before
    else this.before[after] = before
    this.held[place] = undefined
    this.chain[place] = this.free
    this.free = place
    this.size--
    return true
  }

  /** Puts an entry at the end of the order, and drops the first ones if more than `kept` are in it. */
  keep(key: number, value: V, kept: number): undefined {
    this.delete(key)
    this.add(key, value)
    while (this.size > kept) this.delete(this.keys[this.first])
  }

  clear(): undefined {
    while (this.first !== NONE) this.delete(this.keys[this.first])
  }

  /** In order, as they are now: what is put in or deleted meanwhile does not matter. */
  values(): V[] {
    const values: V[] = []
    for (let at = this.first; at !== NONE; at = this.after[at]) values.push(this.held[at] as V)
    return values
  }

  /** The same, with their keys. */
  entries(): [key: number, value: V][] {
    const entries: [number, V][] = []
    for (let at = this.first; at !== NONE; at = this.after[at])
      entries.push([this.keys[at], this.held[at] as V])
    return entries
  }

  private find(key: number): number {
    let at = this.buckets[this.bucketOf(key)]
    while (at !== NONE && this.keys[at] !== key) at = this.chain[at]
    return at
  }

  private bucketOf(key: number): number {
    return (key ^ (key >> 10)) & (this.buckets.length - 1)
  }

  private add(key: number, value: V): undefined {
    const place = this.newPlace()
    this.keys[place] = key
    this.held[place] = value
    this.enchain(key, place)
    this.before[place] = this.last
    this.after[place] = NONE
    if (this.last === NONE) this.first = place
    else this.after[this.last] = place
    this.last = place
    this.size++
  }

  private newPlace(): number {
    const place = this.free
    if (place !== NONE) {
      this.free = this.chain[place]
      return place
    }
    if (this.size === this.chain.length) this.grow()
    return this.size
  }

  private enchain(key: number, place: number): undefined {
    const bucket = this.bucketOf(key)
    this.chain[place] = this.buckets[bucket]
    this.buckets[bucket] = place
  }

  private unchain(key: number, place: number): undefined {
    const bucket = this.bucketOf(key)
    let at = this.buckets[bucket]
    if (at === place) {
      this.buckets[bucket] = this.chain[place]
      return
    }
    while (this.chain[at] !== place) at = this.chain[at]
    this.chain[at] = this.chain[place]
  }

  /** Only when no place is free. */
  private grow(): undefined {
    this.chain = doubled(this.chain)
    this.before = doubled(this.before)
    this.after = doubled(this.after)
    this.buckets = filled(2 * this.chain.length)
    for (let place = 0; place < this.size; place++) this.enchain(this.keys[place], place)
  }
}

function filled(size: number): Int32Array {
  return new Int32Array(size).fill(NONE)
}

function doubled(places: Int32Array): Int32Array {
  const more = filled(2 * places.length)
  more.set(places)
  return more
}
