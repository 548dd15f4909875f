/** Returns the median; of an even number of values, the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new Error('no values, so no median')
  return middle
}

/** Returns the value that this percentage of all values does not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN
}

/** One measurement in several runs. */
export type Row = { what: string; unit: string; runs: readonly number[]; goal?: number }

export function format({ what, unit, runs, goal }: Row): string {
  const middle = Math.round(median(runs))
  const spread = `${Math.round(Math.min(...runs))} to ${Math.round(Math.max(...runs))}`
  const wanted = goal === undefined ? '' : `  goal ${goal}`
  return `${what.padEnd(62)} ${String(middle).padStart(7)} ${unit}  (${spread} in ${runs.length} runs)${wanted}`
}
