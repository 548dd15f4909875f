import { fieldOf, isJsonArray, type JsonValue } from '../krm/json-value.ts'

/** The lists of containers of a pod; other kinds that create pods use the same names. */
const CONTAINERS = ['initContainers', 'containers', 'ephemeralContainers']

/** Returns the images of all lists of containers in an object, at any depth. */
export function findImages(object: JsonValue): string[] {
  const images: string[] = []
  // Not recursive, since an object may be nested deeper than the stack allows.
  const open: JsonValue[] = [object]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue
    for (const name of CONTAINERS) {
      const containers = fieldOf(value, name)
      if (isJsonArray(containers)) for (const image of imagesOf(containers)) images.push(image)
    }
    for (const inner of Object.values(value).reverse()) if (typeof inner === 'object') open.push(inner)
  }
  return images
}

function imagesOf(containers: readonly JsonValue[]): string[] {
  const images = containers.map((container) => fieldOf(container, 'image'))
  return images.filter((image) => typeof image === 'string' && image !== '') as string[]
}
