/** The searchable contents of a package: objects, images and words. They depend on its files alone. */

import type { ManifestLinks } from './glasskube/manifest-links.ts'
import { type ImageReference, imageReference } from './image-reference.ts'
import { phraseOf } from './search-words.ts'
import type { YamlFile } from './validation/yaml-file.ts'

/** An object of a file; fields that it lacks are empty. */
export type ContentObject = {
  apiVersion: string
  kind: string
  namespace: string
  name: string
  path: string
}

export type Contents = {
  objects: ContentObject[]
  images: ImageReference[]
  /** Phrases from descriptions, keywords, kinds and names, one a line. */
  words: string
  /** From the package.yaml of a Glasskube package; null without a readable one. */
  manifest: ManifestLinks | null
}

/** Raised when more, or other contents are found in the same files: what was indexed before is then indexed again. */
export const CONTENTS_RULES = 2

/** Contents beyond these limits cannot be searched, so that no package outweighs all others in the index. */
export const MAX_OBJECTS = 5000
const MAX_IMAGES = 1000
const MAX_WORDS = 16 * 1024
/** Longer than any valid field of Kubernetes or image reference. */
const MAX_FIELD = 512

/** Collects the contents of parsed files, given with their paths in the order of the package. */
export function contentsOf(
  files: Iterable<readonly [string, YamlFile]>,
  manifest: ManifestLinks | null = null,
): Contents {
  const objects: ContentObject[] = []
  const images = new Map<string, ImageReference>()
  const phrases = new Set<string>()
  for (const [path, file] of files) {
    for (const { kind = '', name = '', apiVersion = '', namespace = '' } of file.objects) {
      if (objects.length >= MAX_OBJECTS) break
      const object = { apiVersion, kind, namespace, name, path }
      if ([apiVersion, kind, namespace, name].every(fits)) objects.push(object)
      phrases.add(phraseOf(`${kind} ${name}`)).add(phraseOf(kindInWords(kind)))
    }
    for (const text of file.images.filter(fits)) {
      const image = imageReference(text)
      if (images.size < MAX_IMAGES && image.repository !== '') images.set(image.reference, image)
    }
    for (const text of file.about) phrases.add(phraseOf(text))
  }
  if (manifest) phrases.add(phraseOf(manifest.shortDescription ?? ''))
  return { objects, images: [...images.values()], words: joinPhrases(phrases), manifest }
}

function fits(text: string): boolean {
  return text.length <= MAX_FIELD
}

/** Splits camel case, so that "policy" finds `NetworkPolicy`. */
function kindInWords(kind: string): string {
  return kind.replace(/([a-z0-9])([A-Z])/g, '$1 $2')
}

function joinPhrases(phrases: Iterable<string>): string {
  let lines = ''
  for (const phrase of phrases) {
    if (phrase !== '' && lines.length + phrase.length < MAX_WORDS) lines += `\n${phrase}`
  }
  return lines
}
