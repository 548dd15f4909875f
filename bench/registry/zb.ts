/** zot's own benchmark, run on each registry: https://zotregistry.dev */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tool } from '../../test/support/program.ts'
import { CONNECTIONS } from '../wrk.ts'
import { type Comparison, formatComparison, formatHeading } from './comparison.ts'
import { type Contestant, startContestants } from './contestants.ts'

const ZB = tool('zb', 'Get it from https://github.com/project-zot/zot/releases.')
const REQUESTS = 100
/** Without the tests of 100 MB, which take 10 GB of disk for each registry. */
const TESTS = '(Catalog|1MB|10MB|Mixed)$'

const run = promisify(execFile)

export async function benchZb(): Promise<string[]> {
  if (!ZB.found) {
    console.error(`SKIPPED: ${ZB.missing}`)
    return []
  }
  const contestants = await startContestants()
  try {
    const rates: Map<string, number>[] = []
    for (const contestant of contestants) rates.push(await ratesOf(contestant))
    const tests = [...new Set(rates.flatMap((of) => [...of.keys()]))]
    const rows = tests.map(
      (what): Comparison => ({ what, unit: '/s', runs: rates.map((of) => [of.get(what) ?? Number.NaN]) }),
    )
    return [
      `zb, ${CONNECTIONS} connections, ${REQUESTS} requests each, one run:`,
      contestants.map(({ name, version }) => `${name} ${version}`).join(', '),
      formatHeading(contestants.map(({ name }) => name)),
      ...rows.map(formatComparison),
    ]
  } finally {
    for (const { stop } of contestants) await stop()
  }
}

/** Returns the requests per second of each test that the registry passes, by name. */
async function ratesOf({ name, port }: Contestant): Promise<Map<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'pkgserver-bench-'))
  try {
    const options = ['-c', `${CONNECTIONS}`, '-n', `${REQUESTS}`, '-t', TESTS, '-d', folder, '-o', 'stdout']
    const ran = run(ZB.path, [...options, `http://127.0.0.1:${port}`], { cwd: folder })
    const output = await ran.then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => {
        console.error(`FAILED: zb against ${name}: ${stdout.slice(-200).trim()}`)
        return stdout
      },
    )
    const found = output.split('Test name:').slice(1).map(rateIn)
    return new Map(found.filter((entry) => entry !== undefined))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function rateIn(section: string): [test: string, rate: number] | undefined {
  const name = section.split('\n')[0]?.trim()
  const rate = /^Requests per second:\s*([\d.]+)/m.exec(section)?.[1]
  const passed = /^Failed requests:\s*0$/m.test(section)
  return name && rate && passed ? [name, Number(rate)] : undefined
}
