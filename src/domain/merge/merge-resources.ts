/** Three-way merge of the files of a package: the strategy `resource-merge` of kpt. */
import { packageSchemas } from '../diff/package-schemas.ts'
import { isKrmPath, type KrmFile, type ReadKrmFile, readKrmFile } from '../krm/krm-file.ts'
import { YamlBudget } from '../krm/yaml-limits.ts'
import { type Resources, sameBytes } from '../resources.ts'
import type { Conflict, Side } from './conflict.ts'
import type { PlacedObject } from './match-objects.ts'
import { mergeFile, newTextWork } from './merge-file.ts'
import { type MergedObject, mergeKrm } from './merge-krm.ts'

/** `original` is the revision that `local` was made from, `upstream` the newer one. */
export type PackageVersions = { original: Resources; local: Resources; upstream: Resources }

export type MergedResources = { resources: Resources; conflicts: Conflict[] }

type Files = ReadonlyMap<string, KrmFile>

/**
 * Merges objects field by field, and all other files line by line. A change by one side is taken with its text and
 * comments; different changes by both are a conflict, which gets the value of the side `prefer`.
 */
export function mergeResources(
  { original, local, upstream }: PackageVersions,
  prefer: Side,
  read: ReadKrmFile = readKrmFile,
): MergedResources {
  const versions = [original, local, upstream]
  const paths = new Set(versions.flatMap((resources) => [...resources.keys()]))
  const isSettled = (path: string): boolean =>
    sameBytes(original.get(path), local.get(path)) && sameBytes(local.get(path), upstream.get(path))
  const settled = new Map([...local].filter(([path]) => isSettled(path)))
  const unsettled = versions.map((files) => new Map([...files].filter(([path]) => !settled.has(path))))
  const krm = readAll(unsettled, read)
  const isText = (path: string): boolean =>
    versions.some((resources, at) => resources.has(path) && !krm[at]?.has(path))
  const resources = new Map<string, Uint8Array>(settled)
  const conflicts: Conflict[] = []
  const work = newTextWork()
  for (const path of paths) {
    if (settled.has(path) || !isText(path)) continue
    const files = { original: original.get(path), local: local.get(path), upstream: upstream.get(path) }
    const merged = mergeFile(path, files, prefer, work)
    if (merged.content) resources.set(path, merged.content)
    conflicts.push(...merged.conflicts)
  }
  const [originals = [], locals = [], upstreams = []] = krm.map((files) => placed(files, isText))
  const schemas = packageSchemas([upstream, local, original], read)
  const merged = mergeKrm([originals, locals, upstreams], schemas, prefer)
  for (const [path, objects] of merged.files) {
    resources.set(path, fileContent(path, objects))
  }
  return { resources, conflicts: [...conflicts, ...merged.conflicts] }

  function fileContent(path: string, objects: readonly MergedObject[]): Uint8Array {
    const [originalFile, localFile, upstreamFile] = krm.map((files) => files.get(path))
    if (isVerbatim(path, objects, 'local', localFile)) return local.get(path) as Uint8Array
    // Keeps upstream's file byte for byte, with the text between its objects.
    if (
      isVerbatim(path, objects, 'upstream', upstreamFile) &&
      sameBytes(original.get(path), local.get(path))
    ) {
      return upstream.get(path) as Uint8Array
    }
    const tail = mergedPart(originalFile?.tail, localFile?.tail, upstreamFile?.tail)
    return Buffer.from(joined(path, objects) + tail)
  }
}

/** Reads the files of all versions, as far as they fit into memory; one that is the same in several is read once. */
function readAll(versions: readonly Resources[], read: ReadKrmFile): Map<string, KrmFile>[] {
  const budget = new YamlBudget()
  const known = new Map<string, { content: Uint8Array; file: KrmFile | undefined }[]>()
  const readOnce = (path: string, content: Uint8Array): KrmFile | undefined => {
    const others = known.get(path) ?? []
    const same = others.find((other) => sameBytes(other.content, content))
    if (same) return same.file
    const file = budget.takes(content) ? read(content) : undefined
    known.set(path, [...others, { content, file }])
    return file
  }
  return versions.map((resources) => {
    const files = new Map<string, KrmFile>()
    for (const [path, content] of resources) {
      const file = isKrmPath(path) ? readOnce(path, content) : undefined
      if (file) files.set(path, file)
    }
    return files
  })
}

function placed(files: Files, isText: (path: string) => boolean): PlacedObject[] {
  return [...files].flatMap(([path, { documents }]) =>
    isText(path) ? [] : documents.map((document, index) => ({ ...document, path, index })),
  )
}

/** Reports whether a file of one side consists of exactly these objects, unchanged. */
function isVerbatim(
  path: string,
  objects: readonly MergedObject[],
  side: 'local' | 'upstream',
  file: KrmFile | undefined,
): boolean {
  return (
    objects.length === file?.documents.length &&
    objects.every((object, at) => {
      const own = object[side]
      return own?.path === path && own.index === at && own.body === object.body
    })
  )
}

/** Merges the text before or behind an object; local wins if both sides changed it. */
function mergedPart(original = '', local: string | undefined, upstream: string | undefined): string {
  return (local === original ? upstream : undefined) ?? local ?? upstream ?? ''
}

const SEPARATOR = /^---(?=\s|$)/m

function joined(path: string, objects: readonly MergedObject[]): string {
  // Not one growing text, which each look at its end would copy.
  const parts: string[] = []
  for (const { body, ...versions } of objects) {
    const [original, local, upstream] = [versions.original, versions.local, versions.upstream].map(
      (object) => (object?.path === path ? object.head : undefined),
    )
    const head = mergedPart(original, local, upstream)
    if (parts.length > 0 && !parts.at(-1)?.endsWith('\n')) parts.push('\n')
    if (parts.length > 0 && !SEPARATOR.test(head)) parts.push('---\n')
    if (head + body !== '') parts.push(head + body)
  }
  return parts.join('')
}
