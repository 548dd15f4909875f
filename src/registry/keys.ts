/**
 * The registry's keys in the store. Blobs are stored once; a repository has a link to each blob it holds. A component
 * of a repository's name never starts with "_", so the folders below cannot clash with a nested repository. Every tag,
 * manifest and referrer is an object of its own, so writers of different ones never share an object.
 */
import { isDigest } from '../oci/digest.ts'

export const REPOSITORIES = 'repositories'
export const BLOBS = 'blobs'
/** The list of content that a collection is about to delete. Its key is old, as older versions may share the store. */
export const PENDING_DELETIONS_KEY = 'garbage/condemned'

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

/** Returns the digest that an object is named after, or undefined for any other name. */
export function digestOfName(name: string): string | undefined {
  const digest = name.replace('-', ':')
  return isDigest(digest) ? digest : undefined
}

function nameOfDigest(digest: string): string {
  return digest.replace(':', '-')
}
