import { currentResourceVersion } from '../../database/counters.ts'
import type { ServiceContext } from '../context.ts'

/** A `degraded` part still serves, but less than it should. */
export type PartStatus = 'ok' | 'degraded' | 'failed'
export type PartReadiness = { name: PartName; status: PartStatus; message: string }
export type PartName = 'server' | 'database' | 'registry' | 'disk' | 'workers'

/** State of the process that the use cases do not have. */
export type Surroundings = {
  stopping: () => boolean
  /** Why writes are refused now; undefined while they are accepted. */
  refusal: () => string | undefined
  queue: () => { waiting: number; most: number }
}

/** Shorter than the time-out of a probe, so that it gets an answer. */
const TIMEOUT = 3000

/** Checks each part that the server needs. */
export async function readiness(ctx: ServiceContext, surroundings: Surroundings): Promise<PartReadiness[]> {
  const [database, registry] = await Promise.all([
    answering('database', () => currentResourceVersion(ctx.db)),
    answering('registry', () => ctx.registry.ping()),
  ])
  return [server(surroundings), database, registry, disk(surroundings), workers(surroundings)]
}

function server({ stopping }: Surroundings): PartReadiness {
  return stopping()
    ? {
        name: 'server',
        status: 'failed',
        message: 'It is stopping: it only finishes requests that it has begun.',
      }
    : { name: 'server', status: 'ok', message: 'It accepts requests.' }
}

function disk({ refusal }: Surroundings): PartReadiness {
  const reason = refusal()
  return reason === undefined
    ? { name: 'disk', status: 'ok', message: 'There is enough space.' }
    : { name: 'disk', status: 'degraded', message: reason }
}

function workers({ queue }: Surroundings): PartReadiness {
  const { waiting, most } = queue()
  const message = `${waiting} packages wait to be processed, of at most ${most}.`
  return { name: 'workers', status: waiting < most ? 'ok' : 'degraded', message }
}

async function answering(name: PartName, ask: () => Promise<unknown>): Promise<PartReadiness> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT / 1000} seconds`)), TIMEOUT)
  })
  try {
    await Promise.race([ask(), late])
    return { name, status: 'ok', message: 'It answers.' }
  } catch (error) {
    return { name, status: 'failed', message: `It does not answer: ${(error as Error).message}` }
  } finally {
    clearTimeout(timer)
  }
}
