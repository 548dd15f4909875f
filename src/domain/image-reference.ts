/** Container image references, as in the `image` field of a container. */

/** The default registry, which Docker leaves out: `docker.io/library/nginx` is `nginx`. */
const DEFAULT_REGISTRY = /^(?:index\.)?docker\.io\/(?:library\/(?=[^/]+$))?/

export type ImageReference = {
  /** Without the default registry. */
  reference: string
  /** Without tag and digest. */
  repository: string
}

export function imageReference(text: string): ImageReference {
  const reference = text.trim().replace(DEFAULT_REGISTRY, '')
  return { reference, repository: reference.replace(/@.*$/, '').replace(/:[^/]*$/, '') }
}
