/**
 * Three-way merge of executable bits, as git merges modes: the side that changed the bit wins. Sides can only disagree
 * where one deleted the file, or where both added it.
 */

import { isJsonObject, type JsonValue } from '../krm/json-value.ts'
import { isKrmPath } from '../krm/krm-file.ts'
import type { PackageFiles } from '../package-files.ts'
import { type Resources, sameBytes } from '../resources.ts'
import { type Conflict, type Side, threeValues } from './conflict.ts'
import { shown } from './merge-file.ts'

export type FileSides = Record<'original' | Side, PackageFiles>

type Merged = { resources: Resources; conflicts: Conflict[] }

/** Adds the bits to the merged contents, with the conflicts about them. */
export function mergeExecutables(
  versions: FileSides,
  merged: Merged,
  prefer: Side,
): PackageFiles & { conflicts: Conflict[] } {
  const { original, local, upstream } = versions
  const resources = new Map(merged.resources)
  const executables = new Set<string>()
  const conflicts = merged.conflicts.map((conflict) =>
    isWholeFile(conflict) ? withBits(conflict) : conflict,
  )
  const inConflict = new Set(conflicts.map(({ path }) => path))
  for (const path of new Set([...local.resources.keys(), ...upstream.resources.keys()])) {
    const bits = {
      original: bitOf(original, path),
      local: bitOf(local, path),
      upstream: bitOf(upstream, path),
    }
    if (disagree(bits) && sameContent(path) && !inConflict.has(path) && !isKrmPath(path)) {
      conflicts.push(conflictOf(path))
      const content = versions[prefer].resources.get(path)
      if (content) resources.set(path, content)
      else resources.delete(path)
    }
    if (resources.has(path) && mergedBit(bits, prefer)) executables.add(path)
  }
  return { resources, executables, conflicts }

  /** Other files are in conflict already where their bits are. */
  function sameContent(path: string): boolean {
    const contents = [original, local, upstream].map((files) => files.resources.get(path))
    const [first, ...others] = contents.filter((content) => content !== undefined)
    return others.every((content) => sameBytes(first, content))
  }

  function conflictOf(path: string): Conflict {
    const [base, ours, theirs] = [original, local, upstream].map((files) => shown(files.resources.get(path)))
    return withBits({ path, object: null, field: '', ...threeValues(base, ours, theirs), chosen: prefer })
  }

  /** Says in the values of a whole file which of them are executable. */
  function withBits(conflict: Conflict): Conflict {
    const value = (side: keyof FileSides): JsonValue | undefined => {
      const content = conflict[side]
      if (content === undefined || !versions[side].executables.has(conflict.path)) return content
      return isJsonObject(content) ? { ...content, executable: true } : { text: content, executable: true }
    }
    return { ...conflict, ...threeValues(value('original'), value('local'), value('upstream')) }
  }
}

type Bits = Record<keyof FileSides, boolean | undefined>

/** Returns undefined for a file that is missing. */
function bitOf({ resources, executables }: PackageFiles, path: string): boolean | undefined {
  return resources.has(path) ? executables.has(path) : undefined
}

/** Reports whether both sides changed the bit differently; a deletion is a change, too. */
function disagree({ original, local, upstream }: Bits): boolean {
  return local !== upstream && local !== original && upstream !== original
}

function mergedBit({ original, ...sides }: Bits, prefer: Side): boolean {
  const { local, upstream } = sides
  const changed = local === original ? upstream : upstream === original ? local : sides[prefer]
  return changed ?? local ?? upstream ?? false
}

export function isWholeFile({ object, field }: Conflict): boolean {
  return object === null && field === ''
}
