/** Random mutations of bytes; fast-check shrinks the list of mutations. */
import fc from 'fast-check'

export type Mutation =
  | { do: 'flip'; at: number; bit: number }
  | { do: 'set'; at: number; value: number }
  | { do: 'cut'; at: number }
  | { do: 'remove'; at: number; length: number }
  | { do: 'repeat'; at: number; length: number; times: number }
  | { do: 'insert'; at: number; bytes: Uint8Array }
  | { do: 'move'; at: number; length: number; to: number }

/** A position as a fraction, so that a mutation fits bytes of any length. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const length = fc.integer({ min: 1, max: 2048 })

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ do: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ do: fc.constant('set' as const), at: place, value: fc.nat(255) }),
  fc.record({ do: fc.constant('cut' as const), at: place }),
  fc.record({ do: fc.constant('remove' as const), at: place, length }),
  fc.record({
    do: fc.constant('repeat' as const),
    at: place,
    length,
    times: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ do: fc.constant('insert' as const), at: place, bytes: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ do: fc.constant('move' as const), at: place, length, to: place }),
)

export const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 })

/** Applies mutations. Positions and ends are rounded to a multiple of `unit`, such as the block of a tar. */
export function mutated(bytes: Uint8Array, changes: readonly Mutation[], unit = 1): Buffer {
  let after: Buffer = Buffer.from(bytes)
  for (const change of changes) after = changed(after, change, unit)
  return after
}

function changed(before: Buffer, change: Mutation, unit: number): Buffer {
  const rounded = (at: number) => Math.floor((at * before.length) / unit) * unit
  const at = rounded(change.at)
  const to = (size: number) => at + Math.ceil(size / unit) * unit
  switch (change.do) {
    case 'flip':
    case 'set': {
      const after = Buffer.from(before)
      const exact = Math.floor(change.at * before.length)
      const old = before[exact] ?? 0
      if (exact < after.length) after[exact] = change.do === 'set' ? change.value : old ^ (1 << change.bit)
      return after
    }
    case 'cut':
      return before.subarray(0, at)
    case 'remove':
      return Buffer.concat([before.subarray(0, at), before.subarray(to(change.length))])
    case 'repeat': {
      const part = before.subarray(at, to(change.length))
      return Buffer.concat([before.subarray(0, at), ...Array(change.times).fill(part), before.subarray(at)])
    }
    case 'insert':
      return Buffer.concat([before.subarray(0, at), change.bytes, before.subarray(at)])
    case 'move': {
      const part = before.subarray(at, to(change.length))
      const rest = Buffer.concat([before.subarray(0, at), before.subarray(to(change.length))])
      const target = Math.floor((change.to * rest.length) / unit) * unit
      return Buffer.concat([rest.subarray(0, target), part, rest.subarray(target)])
    }
  }
}
