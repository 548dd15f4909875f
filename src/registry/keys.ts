/**
 * The registry's keys. Blobs are stored once; each repository has a link for each blob it holds. A component of a
 * repository's name never starts with "_", so the folders below cannot clash with a repository. There is one object
 * for each tag, manifest and referrer, and none that two writers share.
 */
import { isDigest } from '../oci/digest.ts'

export const REPOSITORIES = 'repositories'
export const BLOBS = 'blobs'
/** What a collection of garbage is about to delete. */
export const CONDEMNED_KEY = 'garbage/condemned'

export function blobKey(digest: string): string {
  const [algorithm, hex] = digest.split(':')
  return `${BLOBS}/${algorithm}/${hex?.slice(0, 2)}/${hex}`
}

export function linksFolder(repository: string): string {
  return `${REPOSITORIES}/${repository}/_blobs`
}

export function manifestsFolder(repository: string): string {
  return `${REPOSITORIES}/${repository}/_manifests`
}

export function tagsFolder(repository: string): string {
  return `${REPOSITORIES}/${repository}/_tags`
}

export function allReferrersFolder(repository: string): string {
  return `${REPOSITORIES}/${repository}/_referrers`
}

export function referrersFolder(repository: string, subject: string): string {
  return `${allReferrersFolder(repository)}/${nameOfDigest(subject)}`
}

export function linkKey(repository: string, digest: string): string {
  return `${linksFolder(repository)}/${nameOfDigest(digest)}`
}

export function manifestKey(repository: string, digest: string): string {
  return `${manifestsFolder(repository)}/${nameOfDigest(digest)}`
}

export function tagKey(repository: string, tag: string): string {
  return `${tagsFolder(repository)}/${tag}`
}

export function referrerKey(repository: string, subject: string, digest: string): string {
  return `${referrersFolder(repository, subject)}/${nameOfDigest(digest)}`
}

/** The digest that a file is named after; undefined for any other file. */
export function digestOfName(name: string): string | undefined {
  const digest = name.replace('-', ':')
  return isDigest(digest) ? digest : undefined
}

function nameOfDigest(digest: string): string {
  return digest.replace(':', '-')
}
