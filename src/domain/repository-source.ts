/** Sources of catalogs that are filled from elsewhere, and the status of their syncs. */
import { parseDuration } from '../core/duration.ts'
import { labelProblem, packageProblem } from './names.ts'

export const SOURCE_FORMATS = ['oci', 'glasskube'] as const
/** `oci`: artifacts in a registry. `glasskube`: files on a web server, as Glasskube's clients read them. */
export type SourceFormat = (typeof SOURCE_FORMATS)[number]

/** A place that others push to. */
export type RepositorySource = {
  format: SourceFormat
  /** The registry and the prefix of its packages, or the folder of index.yaml. It cannot be changed. */
  url: string
  /** The packages below the URL; null for all that the source lists. */
  packages: string[] | null
  /** Also imports versions such as 2.0.0-rc.1. */
  prereleases: boolean
  /** The time between syncs, such as `10m`; `0` for syncs on request only. */
  interval: string
}

export const DEFAULT_SYNC_INTERVAL = '10m'

export const SYNC_STATES = ['Pending', 'Syncing', 'Succeeded', 'Failed'] as const
export type SyncState = (typeof SYNC_STATES)[number]

/** An artifact that could not be imported, or that was changed after its import. */
export type SyncProblem = { reference: string; reason: string }

export type SyncStatus = {
  state: SyncState
  lastSyncAt: string | null
  lastSuccessAt: string | null
  nextSyncAt: string | null
  /** Why the last sync failed. */
  error: string | null
  /** The number of packages in the source. */
  packages: number
  /** The number of revisions in the catalog. */
  revisions: number
  problems: SyncProblem[]
  /** The number of all problems; `problems` has the first of them. */
  problemCount: number
}

/** Annotations with the artifact that a revision was imported from, by which the next sync recognizes it. */
export const ORIGIN = {
  reference: 'pkgserver.dev/origin-reference',
  digest: 'pkgserver.dev/origin-digest',
} as const

const MIN_INTERVAL = 30_000
const MAX_INTERVAL = 7 * 86_400_000

/** Parses the interval of a source. Returns milliseconds; undefined for a text that INTERVAL_RULE does not allow. */
export function parseInterval(text: string): number | undefined {
  if (text === '0') return 0
  const interval = parseDuration(text) ?? 0
  return interval >= MIN_INTERVAL && interval <= MAX_INTERVAL ? interval : undefined
}

export const INTERVAL_RULE = 'must be from 30s to 7d, as a number and a unit of s, m, h or d, or 0 for never'

/** Returns the problem with the URL of a source; undefined if there is none. */
export function sourceUrlProblem(text: string, format: SourceFormat): string | undefined {
  const schemes = format === 'oci' ? /^(?:https?|oci):\/\// : /^https?:\/\//
  const url = schemes.test(text) && URL.canParse(text) ? new URL(text) : undefined
  const plain = url && url.username + url.password + url.search + url.hash === '' && url.host !== ''
  if (format === 'glasskube') {
    return plain
      ? undefined
      : 'must be the URL of the folder with index.yaml, like https://packages.example.com/packages/, without user name or query'
  }
  if (plain && /^(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*\/?$/.test(url.pathname)) return undefined
  return 'must be the URL of a place in a registry, like https://registry.example.com/team or oci://ghcr.io/org, without user name, tag or query'
}

/** Returns the problem with a name in a source as the path of a package; undefined if there is none. */
export function foreignNameProblem(name: string, format: SourceFormat): string | undefined {
  const problem = format === 'glasskube' ? labelProblem(name) : packageProblem(name)
  return problem && `its name cannot be the path of a package, which ${problem}`
}
