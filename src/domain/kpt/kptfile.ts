/** The name and the upstream of a package, as its Kptfile records them. */
import { editObject, type FieldEdit, valueAt } from '../krm/edit-object.ts'
import { isJsonObject, type JsonValue } from '../krm/json-value.ts'
import { type KrmDocument, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import type { MergeStrategy } from '../merge/strategy.ts'
import type { Upstream } from '../package-revision.ts'
import type { Resources } from '../resources.ts'

export type UpstreamNote = {
  packagePath: string
  upstream: Upstream
  /** The strategy of `kpt pkg update`; by default the one in the Kptfile. */
  strategy?: MergeStrategy | undefined
}

/** The files with the name and the upstream, the only ones that `withUpstream` reads. */
export const NOTED_FILES = ['Kptfile', 'package-context.yaml']

const DEFAULT_STRATEGY: MergeStrategy = 'resource-merge'

/**
 * Returns the files with the name and the upstream set in the Kptfile, and the name in package-context.yaml. A file
 * that is missing or does not parse is skipped; everything else stays byte for byte. Returns the same map if nothing
 * changes.
 */
export function withUpstream(resources: Resources, note: UpstreamNote): Resources {
  const changed = new Map<string, Uint8Array>()
  for (const path of NOTED_FILES) {
    const before = resources.get(path)
    const after = before && (path === 'Kptfile' ? editKptfile(before, note) : editContext(before, note))
    if (after) changed.set(path, after)
  }
  return changed.size === 0 ? resources : new Map([...resources, ...changed])
}

/** Returns the last segment of the path, which is the name of the package to kpt and Porch. */
export function nameOf(packagePath: string): string {
  return packagePath.slice(packagePath.lastIndexOf('/') + 1)
}

function editKptfile(content: Uint8Array, { packagePath, upstream, strategy }: UpstreamNote) {
  return editDocument(
    content,
    ({ identity }) => identity.group === 'kpt.dev' && identity.kind === 'Kptfile',
    ({ value }) => {
      const git = gitLocator(upstream)
      const strategyBefore = valueAt(value, ['upstream', 'updateStrategy'])
      return [
        { field: ['metadata', 'name'], value: nameOf(packagePath) },
        ...locate('upstream', git),
        { field: ['upstream', 'updateStrategy'], value: strategy ?? strategyBefore ?? DEFAULT_STRATEGY },
        ...locate('upstreamLock', { ...git, commit: upstream.digest }),
      ]
    },
  )
}

/**
 * Describes a revision as a directory in git, since kpt refuses other upstream types; without a host the content is
 * independent of the server, and git fetches nothing: `kpt pkg update` fails instead of fetching something else.
 */
function gitLocator({ repository, package: path, revision }: Upstream) {
  return { repo: `oci:///${repository}/${path}`, directory: '/', ref: `v${revision}` }
}

/** Sets each field by itself, so that comments between them stay, and removes those of other upstream types. */
function locate(field: 'upstream' | 'upstreamLock', git: Record<string, string>): FieldEdit[] {
  return [
    { field: [field, 'type'], value: 'git' },
    ...Object.entries(git).map(([key, value]) => ({ field: [field, 'git', key], value })),
    { field: [field, 'generic'], value: undefined },
    { field: [field, 'oci'], value: undefined },
  ]
}

function editContext(content: Uint8Array, { packagePath }: UpstreamNote) {
  return editDocument(
    content,
    ({ identity }) =>
      identity.group === '' && identity.kind === 'ConfigMap' && identity.name === 'kptfile.kpt.dev',
    ({ value }) => {
      const hasPath = valueAt(value, ['data', 'package-path']) !== undefined
      return [
        { field: ['data', 'name'], value: nameOf(packagePath) },
        ...(hasPath ? [{ field: ['data', 'package-path'], value: packagePath }] : []),
      ]
    },
  )
}

/** Returns the file with its first matching object edited; undefined if there is none or nothing changes. */
function editDocument(
  content: Uint8Array,
  wanted: (document: KrmDocument) => boolean,
  editsOf: (document: KrmDocument) => FieldEdit[],
): Uint8Array | undefined {
  const file = readKrmFile(content)
  const found = file?.documents.find(wanted)
  if (!file || !found) return undefined
  const edits = editsOf(found).filter(({ field, value }) => valueAt(found.value, field) !== value)
  if (edits.length === 0 || !parentsAreMaps(found.value, edits)) return undefined
  return writeKrmFile(file, new Map([[found, editObject(found, edits)]]))
}

/** Otherwise kpt could not read the Kptfile either, and it is left as it is. */
function parentsAreMaps(value: JsonValue, edits: readonly FieldEdit[]): boolean {
  return edits.every(({ field }) =>
    field.slice(0, -1).every((_, at) => {
      const parent = valueAt(value, field.slice(0, at + 1))
      return parent === undefined || parent === null || isJsonObject(parent)
    }),
  )
}
