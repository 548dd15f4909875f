/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
import { checkDigest, looksLikeDigest } from './digest.ts'
import { OciError } from './errors.ts'

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** Many clients limit host and name together to 255 characters, so a longer name would be unusable. */
const MAX_REPOSITORY = 255

export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_REPOSITORY && REPOSITORY.test(text)
}

export function isTag(text: string): boolean {
  return TAG.test(text)
}

/** Throws `invalid_digest` or `invalid_reference` unless the text is a tag or a digest. */
export function checkReference(reference: string): void {
  if (looksLikeDigest(reference)) checkDigest(reference)
  else if (!isTag(reference)) {
    throw new OciError('invalid_reference', `"${reference.slice(0, 200)}" is not a valid tag`)
  }
}
