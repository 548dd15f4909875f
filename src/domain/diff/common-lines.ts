/** Lines by which two texts hold together, however much was changed between them: those of patience diff. */

/** A line of each text, by its number in it, that is the same. */
export type CommonLine = { oldAt: number; newAt: number }

/**
 * Lines that are there once in each text and in the same order in both, as many as there can be. They are given as
 * numbers, the same number for the same line.
 */
export function commonLines(olds: readonly number[], news: readonly number[]): CommonLine[] {
  const oldPlaces = singles(olds)
  const newPlaces = singles(news)
  const common: CommonLine[] = []
  for (const [line, newAt] of newPlaces) {
    const oldAt = oldPlaces.get(line)
    if (newAt !== MANY && oldAt !== undefined && oldAt !== MANY) common.push({ oldAt, newAt })
  }
  return longestRise(common)
}

const MANY = -1

function singles(lines: readonly number[]): Map<number, number> {
  const places = new Map<number, number>()
  for (const [at, line] of lines.entries()) places.set(line, places.has(line) ? MANY : at)
  return places
}

/** The most of them whose places in the old text rise as those in the new one do: by patience sorting. */
function longestRise(lines: readonly CommonLine[]): CommonLine[] {
  const sorted = lines.toSorted((a, b) => a.newAt - b.newAt)
  type Card = CommonLine & { below: Card | undefined }
  const tops: Card[] = []
  for (const line of sorted) {
    let [low, high] = [0, tops.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((tops[middle]?.oldAt ?? 0) < line.oldAt) low = middle + 1
      else high = middle
    }
    tops[low] = { ...line, below: tops[low - 1] }
  }
  const rise: CommonLine[] = []
  for (let card = tops.at(-1); card; card = card.below) rise.push({ oldAt: card.oldAt, newAt: card.newAt })
  return rise.reverse()
}
