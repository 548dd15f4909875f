/** References of container images, as the fields `image` of pods have them. */

/** What Docker leaves out: `docker.io/library/nginx` is `nginx`. */
const DEFAULT_REGISTRY = /^(?:index\.)?docker\.io\/(?:library\/(?=[^/]+$))?/

export type ImageReference = {
  /** In its short form. */
  reference: string
  /** Without tag and digest. */
  repository: string
}

export function imageReference(text: string): ImageReference {
  const reference = text.trim().replace(DEFAULT_REGISTRY, '')
  return { reference, repository: reference.replace(/@.*$/, '').replace(/:[^/]*$/, '') }
}
