/** The anchors of patience diff: lines that align two texts however much was changed between them. */

/** The index of the same line in each text. */
export type CommonLine = { oldAt: number; newAt: number }

/**
 * Returns the most lines that occur once in each text and in the same order in both. Lines are given as numbers, equal
 * ones for equal lines.
 */
export function commonLines(olds: readonly number[], news: readonly number[]): CommonLine[] {
  const oldPlaces = singles(olds)
  const newPlaces = singles(news)
  const common: CommonLine[] = []
  for (const [line, newAt] of newPlaces) {
    const oldAt = oldPlaces.get(line)
    if (newAt !== MANY && oldAt !== undefined && oldAt !== MANY) common.push({ oldAt, newAt })
  }
  return longestIncreasing(common)
}

const MANY = -1

function singles(lines: readonly number[]): Map<number, number> {
  const places = new Map<number, number>()
  for (const [at, line] of lines.entries()) places.set(line, places.has(line) ? MANY : at)
  return places
}

/** Returns the longest subsequence that increases in both texts, by patience sorting. */
function longestIncreasing(lines: readonly CommonLine[]): CommonLine[] {
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
  const increasing: CommonLine[] = []
  for (let card = tops.at(-1); card; card = card.below)
    increasing.push({ oldAt: card.oldAt, newAt: card.newAt })
  return increasing.reverse()
}
