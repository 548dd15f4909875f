/** Packages whose files are texts. */
import type { Resources } from '../../src/domain/resources.ts'

/** Texts by path. */
export type Texts = Readonly<Record<string, string>>

export function resourcesOf(texts: Texts): Resources {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]))
}

export function textsOf(resources: Resources): Record<string, string> {
  return Object.fromEntries([...resources].map(([path, content]) => [path, Buffer.from(content).toString()]))
}
