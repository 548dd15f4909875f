import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml'

/** Where pods have their containers; objects of other kinds that make pods call them the same. */
const CONTAINERS = new Set(['containers', 'initContainers', 'ephemeralContainers'])

/** The values of `image` in all lists of containers of a document, wherever they stand. */
export function findImages(document: Document.Parsed): string[] {
  const images: string[] = []
  const anchors = new Map<string, string>()
  // No recursion: how deep a document is nested is not ours to judge.
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
