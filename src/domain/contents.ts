/** What is in the files of a package, as far as it can be searched for. It depends on the files alone. */
import { type ImageReference, imageReference } from './image-reference.ts'
import { phraseOf } from './search-words.ts'
import type { YamlFile } from './validation/yaml-file.ts'

export type ContentObject = {
  /** '' where the object does not say it. */
  apiVersion: string
  kind: string
  namespace: string
  name: string
  path: string
}

export type Contents = {
  objects: ContentObject[]
  images: ImageReference[]
  /** Phrases from descriptions, keywords, kinds and names: a line for each. */
  words: string
}

/** What is beyond is not found by a search: a package shall not cost more than others together. */
export const MAX_OBJECTS = 5000
const MAX_IMAGES = 1000
const MAX_WORDS = 16 * 1024
/** Fields of Kubernetes are shorter, and an image is no text. */
const MAX_FIELD = 512

/** Files by their paths, in the order of the package. */
export function contentsOf(files: Iterable<readonly [string, YamlFile]>): Contents {
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
  return { objects, images: [...images.values()], words: linesOf(phrases) }
}

function fits(text: string): boolean {
  return text.length <= MAX_FIELD
}

/** `NetworkPolicy` is found by "policy", too. */
function kindInWords(kind: string): string {
  return kind.replace(/([a-z0-9])([A-Z])/g, '$1 $2')
}

function linesOf(phrases: Iterable<string>): string {
  let lines = ''
  for (const phrase of phrases) {
    if (phrase !== '' && lines.length + phrase.length < MAX_WORDS) lines += `\n${phrase}`
  }
  return lines
}
