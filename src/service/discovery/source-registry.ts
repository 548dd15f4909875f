import { AppError, type ErrorCode } from '../../core/errors.ts'
import type { Repository } from '../../domain/repository.ts'
import type { RepositorySource } from '../../domain/repository-source.ts'
import { OciError, type OciErrorCode } from '../../oci/errors.ts'
import type { Fetcher, Resolver, TagLister } from '../../oci/roles.ts'
import type { ForeignTree } from '../glasskube-source/foreign-tree.ts'
import type { TreeParsers } from '../glasskube-source/tree-parsers.ts'

/** The part of a registry that is read for discovery. */
export type SourceRegistry = {
  repository: (name: string) => Fetcher & Resolver & TagLister
  /** The names of all repositories; not every registry lists them. */
  repositories: () => Promise<string[]>
}

/** Open the places that URLs name. They throw `forbidden` where the server may not connect to one. */
export type OpenSource = {
  registry: (url: string) => SourceRegistry
  tree: (url: string, parsers: TreeParsers) => ForeignTree
}

/** Throws `conflict` for a repository without a source. */
export function requireSource({ name, source }: Repository): RepositorySource {
  if (source) return source
  throw new AppError('conflict', `the repository ${name} has no source, so there is nothing to sync`)
}

/** The beginning of references into a source: its host and prefix. */
export function addressOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\//, '')
    .replace(/\/$/, '')
    .toLowerCase()
}

/** Returns how a package in a source, or one of its tags, is called. */
export function referenceIn({ url, format }: RepositorySource, path: string, tag = ''): string {
  if (format === 'glasskube')
    return [url.replace(/\/$/, ''), path, tag].filter((part) => part !== '').join('/')
  return `${addressOf(url)}/${path}${tag === '' ? '' : `:${tag}`}`
}

/** Whether one of two places in registries contains the other. */
export function overlap(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`)
}

/** Failures that do not pass: the artifact itself is at fault. */
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
/** Failures of the files of an artifact; an overloaded server is not among them. */
const OF_FILES: readonly ErrorCode[] = ['invalid', 'invalid_archive', 'too_large']

/** The reason why an artifact will never be readable; undefined where it is not the artifact's fault. */
export function faultOfArtifact(error: unknown): string | undefined {
  if (error instanceof OciError) return LASTING.includes(error.code) ? error.message : undefined
  return error instanceof AppError && OF_FILES.includes(error.code) ? error.message : undefined
}
