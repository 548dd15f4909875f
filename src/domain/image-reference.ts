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
  const [name = ''] = reference.split('@', 1)
  const colon = name.lastIndexOf(':')
  return { reference, repository: colon > name.lastIndexOf('/') ? name.slice(0, colon) : name }
}
