/**
 * Compares pkgserver's registry with others. They take turns with the same client on one machine, so that other load
 * affects all of them.
 */

import { memoryOf } from '../../test/support/memory.ts'
import { CONNECTIONS, hasWrk } from '../wrk.ts'
import { type Comparison, formatComparison, formatHeading } from './comparison.ts'
import { type Contestant, startContestants } from './contestants.ts'
import { MEASUREMENTS, type Measurement } from './measurements.ts'

const RUNS = 3

export async function benchRegistry(): Promise<string[]> {
  if (!(await hasWrk('registry'))) return []
  const contestants = await startContestants()
  try {
    console.log(`registries taking turns, ${CONNECTIONS} connections, medians of ${RUNS} runs:`)
    console.log(contestants.map(({ name, version }) => `${name} ${version}`).join(', '))
    console.log(formatHeading(contestants.map(({ name }) => name)))
    for (const measurement of MEASUREMENTS) {
      console.log(formatComparison(await compare(measurement, contestants)))
    }
    return (await memory(contestants)).map(formatComparison)
  } finally {
    for (const { stop } of contestants) await stop()
  }
}

async function compare({ what, unit, prepare }: Measurement, contestants: Contestant[]): Promise<Comparison> {
  const prepared: { measure: () => Promise<number>; runs: number[] }[] = []
  for (const { port } of contestants) prepared.push({ measure: await prepare(port), runs: [] })
  // The first run warms caches and compilers.
  for (const { measure } of prepared) await measure()
  for (let i = 0; i < RUNS; i++) {
    for (const { measure, runs } of prepared) runs.push(await measure())
  }
  return { what, unit, runs: prepared.map(({ runs }) => runs) }
}

async function memory(contestants: Contestant[]): Promise<Comparison[]> {
  const all = await Promise.all(contestants.map(({ pid }) => memoryOf(pid)))
  if (all.includes(undefined)) return []
  return [
    { what: 'memory at the end', unit: 'MiB', runs: all.map((memory) => [memory?.now ?? 0]) },
    { what: 'memory at its peak', unit: 'MiB', runs: all.map((memory) => [memory?.peak ?? 0]) },
  ]
}
