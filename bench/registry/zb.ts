/** zot's own benchmark, which makes every registry look as its authors look at theirs: https://zotregistry.dev */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tool } from '../../test/support/program.ts'
import { CONNECTIONS } from '../wrk.ts'
import { type Comparison, formatComparison, formatHeading } from './comparison.ts'
import { startContestants } from './contestants.ts'

const ZB = tool('zb', 'Take it from https://github.com/project-zot/zot/releases.')
const REQUESTS = 100
/** Those with 100 MB take 10 GB of the disk, for each registry. */
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
    for (const { port } of contestants) rates.push(await ratesOf(`http://127.0.0.1:${port}`))
    const tests = [...new Set(rates.flatMap((of) => [...of.keys()]))]
    const rows = tests.map(
      (what): Comparison => ({ what, unit: '/s', runs: rates.map((of) => [of.get(what) ?? 0]) }),
    )
    return [
      `zb, ${CONNECTIONS} at once, ${REQUESTS} requests each, one run:`,
      contestants.map(({ name, version }) => `${name} ${version}`).join(', '),
      formatHeading(contestants.map(({ name }) => name)),
      ...rows.map(formatComparison),
    ]
  } finally {
    for (const { stop } of contestants) await stop()
  }
}

/** Requests per second of each test, by its name. Those in which a request failed are left out. */
async function ratesOf(url: string): Promise<Map<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'pkgserver-bench-'))
  try {
    const { stdout } = await run(
      ZB.path,
      ['-c', `${CONNECTIONS}`, '-n', `${REQUESTS}`, '-t', TESTS, '-d', folder, '-o', 'stdout', url],
      { cwd: folder, maxBuffer: 16 * 1024 * 1024 },
    )
    const sections = stdout.split('Test name:').slice(1)
    return new Map(
      sections.flatMap((section) => {
        const [, name = ''] = /^\s*(.*)\n/.exec(section) ?? []
        const [, rate] = /^Requests per second:\s*([\d.]+)/m.exec(section) ?? []
        return rate && /^Failed requests:\s*0$/m.test(section) ? [[name.trim(), Number(rate)]] : []
      }),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
