import { median } from '../statistics.ts'

/**
 * The runs of one measurement for each registry, or NaN if a registry does not support it. The first registry is
 * compared with each of the others.
 */
export type Comparison = { what: string; unit: string; runs: readonly (readonly number[])[] }

const WHAT = 50
const COLUMN = 24

export function formatHeading(names: readonly string[]): string {
  const ratios = names.slice(1).map((name) => `/${name}`)
  return `${' '.repeat(WHAT + 5)}${[...names, ...ratios].map((name) => name.padStart(COLUMN)).join('')}`
}

/** Formats the medians, the ranges, and the ratios of the first registry to the others. */
export function formatComparison({ what, unit, runs }: Comparison): string {
  const medians = runs.map(median)
  const values = runs.map((values, i) => {
    const spread = values.length > 1 ? ` (${round(Math.min(...values))}-${round(Math.max(...values))})` : ''
    return `${round(medians[i] as number)}${spread}`
  })
  const [first = 0, ...others] = medians
  const ratios = others.map((other) => shown((first / other).toFixed(2)))
  const columns = [...values, ...ratios].map((text) => text.padStart(COLUMN)).join('')
  return `${what.padEnd(WHAT)}${unit.padEnd(5)}${columns}`
}

function round(value: number): string {
  return shown(String(Math.round(value)))
}

function shown(number: string): string {
  return number === 'NaN' ? '-' : number
}
