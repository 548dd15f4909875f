/** Merges of packages whose files are texts. */
import type { Conflict, Side } from '../../src/domain/merge/conflict.ts'
import { mergeResources } from '../../src/domain/merge/merge-resources.ts'
import { edited } from '../../src/domain/merge/resolve-conflict.ts'
import type { Resources } from '../../src/domain/resources.ts'
import { resourcesOf, type Texts, textsOf } from './texts.ts'

export type Merged = { files: Record<string, string>; conflicts: Conflict[] }

export function merged(original: Texts, local: Texts, upstream: Texts, prefer: Side = 'local'): Merged {
  const versions = {
    original: resourcesOf(original),
    local: resourcesOf(local),
    upstream: resourcesOf(upstream),
  }
  const { resources, conflicts } = mergeResources(versions, prefer)
  return { files: textsOf(resources), conflicts }
}

/** Merges packages of one file. */
export function mergedFile(
  [original, local, upstream]: readonly [string, string, string],
  path = 'a.yaml',
  prefer: Side = 'local',
): { text: string | undefined; conflicts: Conflict[] } {
  const { files, conflicts } = merged({ [path]: original }, { [path]: local }, { [path]: upstream }, prefer)
  return { text: files[path], conflicts }
}

/** Returns three versions of a text: the original, and one with a replacement for each side. */
export function versions(
  text: string,
  local: readonly [string, string],
  upstream: readonly [string, string],
): [string, string, string] {
  return [text, text.replace(...local), text.replace(...upstream)]
}

/** Reports whether an edit of a draft changed the value that is in conflict. */
export function isEdited(conflict: Conflict, before: Resources, after: Resources): boolean {
  return edited([conflict], before, after).length > 0
}
