import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml'

/** The lists of containers of a pod; other kinds that create pods use the same names. */
const CONTAINERS = new Set(['containers', 'initContainers', 'ephemeralContainers'])

/** Returns the images of all lists of containers in a document, at any depth. */
export function findImages(document: Document.Parsed): string[] {
  const images: string[] = []
  const anchors = new Map<string, string>()
  // Not recursive, since a document may be nested deeper than the stack allows.
  const open: { node: unknown; inContainers: boolean }[] = [{ node: document.contents, inContainers: false }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, inContainers } = next
    if (isScalar(node) && node.anchor && typeof node.value === 'string') anchors.set(node.anchor, node.value)
    if (isSeq(node)) {
      for (const item of [...node.items].reverse()) open.push({ node: item, inContainers })
    }
    if (!isMap(node)) continue
    for (const { key, value } of [...node.items].reverse()) {
      const name = isScalar(key) ? String(key.value) : ''
      open.push({ node: value, inContainers: CONTAINERS.has(name) && isSeq(value) })
    }
    if (!inContainers) continue
    const image = node.get('image', true) as unknown
    const text = isAlias(image) ? anchors.get(image.source) : isScalar(image) ? image.value : undefined
    if (typeof text === 'string' && text !== '') images.push(text)
  }
  return images
}
