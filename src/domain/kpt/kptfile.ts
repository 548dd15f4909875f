/** What a Kptfile says of the package's name and of its upstream, in the words of kpt. */
import { editObject, type FieldEdit, valueAt } from '../krm/edit-object.ts'
import { type KrmDocument, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import { isPlainMap, type Plain } from '../krm/plain.ts'
import type { MergeStrategy } from '../merge/strategy.ts'
import type { Upstream } from '../package-revision.ts'
import type { Resources } from '../resources.ts'

export type UpstreamNote = {
  packagePath: string
  upstream: Upstream
  /** How kpt would take in a newer upstream; what the Kptfile says already, where that is not said. */
  strategy?: MergeStrategy | undefined
}

/** The files that tell of name and upstream: all that `withUpstream` reads. */
export const NOTED_FILES = ['Kptfile', 'package-context.yaml']

const DEFAULT_STRATEGY: MergeStrategy = 'resource-merge'

/**
 * The files with the package's name and upstream in the Kptfile, and the name in package-context.yaml: each only where
 * it is there and can be read, and with everything else in it byte for byte. The same files where nothing changes.
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

/** The last part of the path, as kpt and Porch have it. */
function nameOf(packagePath: string): string {
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
 * A revision in the words that kpt has for a directory in git: it refuses a Kptfile with another type. The repository
 * has no host, as that is the registry that the package itself is in: its content says the same wherever it is moved to.
 * git takes such a URL for nothing that it can fetch from, so `kpt pkg update` fails and does not fetch something else.
 */
function gitLocator({ repository, package: path, revision }: Upstream) {
  return { repo: `oci:///${repository}/${path}`, directory: '/', ref: `v${revision}` }
}

/** Field by field, so that comments between them stay. What another type of origin has goes. */
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

/** The file with the first such object edited; undefined where there is none, or where it says all that already. */
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

/** Otherwise it is no Kptfile that kpt could read: it is left as it is. */
function parentsAreMaps(value: Plain, edits: readonly FieldEdit[]): boolean {
  return edits.every(({ field }) =>
    field.slice(0, -1).every((_, at) => {
      const parent = valueAt(value, field.slice(0, at + 1))
      return parent === undefined || parent === null || isPlainMap(parent)
    }),
  )
}
