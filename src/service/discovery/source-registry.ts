import { AppError, type ErrorCode } from '../../core/errors.ts'
import { OciError, type OciErrorCode } from '../../oci/errors.ts'
import type { Fetcher, Resolver, TagLister } from '../../oci/roles.ts'

/** A registry that others push to, as far as it is read. */
export type SourceRegistry = {
  repository: (name: string) => Fetcher & Resolver & TagLister
  /** The names of all; not every registry tells. */
  repositories: () => Promise<string[]>
}

/** Opens the place that a URL names. Throws `forbidden` where the server may not go there. */
export type OpenSource = (url: string) => SourceRegistry

/** How references into a source begin: its host and prefix. */
export function addressOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\//, '')
    .replace(/\/$/, '')
    .toLowerCase()
}

/** Whether one of two places in registries is in the other. */
export function overlap(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`)
}

/** What does not pass: the artifact is as it is. */
const LASTING: readonly OciErrorCode[] = [
  'not_found',
  'digest_mismatch',
  'size_mismatch',
  'size_exceeded',
  'invalid_digest',
  'invalid_reference',
  'invalid_manifest',
  'unsupported',
]
/** What the files of an artifact can be at fault for; that the server has too much to do is none of it. */
const OF_FILES: readonly ErrorCode[] = ['invalid', 'invalid_archive', 'too_large']

/** Why an artifact cannot be read, now or later; undefined where it is not the artifact's fault. */
export function faultOfArtifact(error: unknown): string | undefined {
  if (error instanceof OciError) return LASTING.includes(error.code) ? error.message : undefined
  return error instanceof AppError && OF_FILES.includes(error.code) ? error.message : undefined
}
