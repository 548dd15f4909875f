/** Merges of packages whose files are texts. */
import type { Conflict, Side } from '../../src/domain/merge/conflict.ts'
import { mergeResources } from '../../src/domain/merge/merge-resources.ts'
import type { Resources } from '../../src/domain/resources.ts'

export type Texts = Readonly<Record<string, string>>
export type Merged = { files: Record<string, string>; conflicts: Conflict[] }

export function resourcesOf(texts: Texts): Resources {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]))
}

export function textsOf(resources: Resources): Record<string, string> {
  return Object.fromEntries([...resources].map(([path, content]) => [path, Buffer.from(content).toString()]))
}

export function merged(original: Texts, local: Texts, upstream: Texts, prefer: Side = 'local'): Merged {
  const versions = {
    original: resourcesOf(original),
    local: resourcesOf(local),
    upstream: resourcesOf(upstream),
  }
  const { resources, conflicts } = mergeResources(versions, prefer)
  return { files: textsOf(resources), conflicts }
}

/** The same of packages of one file. */
export function mergedFile(
  [original, local, upstream]: readonly [string, string, string],
  path = 'a.yaml',
  prefer: Side = 'local',
): { text: string | undefined; conflicts: Conflict[] } {
  const { files, conflicts } = merged({ [path]: original }, { [path]: local }, { [path]: upstream }, prefer)
  return { text: files[path], conflicts }
}

/** Three versions of a text: as it is, and with something else for a part of it. */
export function versions(
  text: string,
  local: readonly [string, string],
  upstream: readonly [string, string],
): [string, string, string] {
  return [text, text.replace(...local), text.replace(...upstream)]
}
