/**
 * Sets of the values that a package can take in a solution, as bits: bit 0 stands for not being installed, the next ones
 * for its candidates in ascending order. Ranges are not intervals where prereleases are concerned, so sets are exact
 * where intervals would not be.
 */
export type ValueSet = bigint

export const NONE: ValueSet = 0n
export const ABSENT: ValueSet = 1n

/** The value of the candidate with this index. */
export const candidate = (index: number): ValueSet => 1n << BigInt(index + 1)

/** Every value of a package with this number of candidates. */
export const every = (candidates: number): ValueSet => (1n << BigInt(candidates + 1)) - 1n

export const isWithin = (values: ValueSet, set: ValueSet): boolean => (values & set) === values

/** The index of the highest candidate in the set; -1 if there is none. */
export function highestIndex(set: ValueSet): number {
  if (set <= ABSENT) return -1
  const digits = set.toString(16)
  return 4 * (digits.length - 1) + 30 - Math.clz32(Number.parseInt(digits.charAt(0), 16))
}

/** The highest candidate of the set; NONE if there is none. */
export function highest(set: ValueSet): ValueSet {
  return set <= ABSENT ? NONE : candidate(highestIndex(set))
}

/** The candidates above the highest one of a set. */
export function above(set: ValueSet, candidates: ValueSet): ValueSet {
  return candidates & -(highest(set) << 1n)
}

/** The candidates of which this says that they belong to the set. Setting one bit after the other would copy all of them. */
export function setOf(members: readonly boolean[]): ValueSet {
  const digits = members.toReversed().map((isMember) => (isMember ? '1' : '0'))
  return BigInt(`0b0${digits.join('')}0`)
}

/** The indexes of the candidates in the set, in ascending order. */
export function indexes(set: ValueSet): number[] {
  const bits = (set >> 1n).toString(2)
  const found: number[] = []
  for (let i = bits.length - 1; i >= 0; i--) if (bits.charAt(i) === '1') found.push(bits.length - 1 - i)
  return found
}
