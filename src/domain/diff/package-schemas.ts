import { type CrdSchemas, crdSchemas } from '../krm/crd-schemas.ts'
import type { ObjectKind } from '../krm/identity.ts'
import { isKrmPath, type KrmDocument, readKrmFile } from '../krm/krm-file.ts'
import type { Resources } from '../resources.ts'

const DEFINITION = 'CustomResourceDefinition'
/** Reading more takes longer than a few seconds, so further definitions are skipped. */
const MAX_BYTES = 16 * 1024 * 1024

/** Returns the schemas that any of these versions of a package defines for some kinds. */
export function packageSchemas(versions: readonly Resources[], kinds: Iterable<ObjectKind>): CrdSchemas {
  // The group of a custom resource always has a dot.
  const custom = [...kinds].filter(({ group }) => group.includes('.'))
  return crdSchemas(definitions(versions, custom))
}

function* definitions(versions: readonly Resources[], kinds: readonly ObjectKind[]): Generator<KrmDocument> {
  if (kinds.length === 0) return
  let left = MAX_BYTES
  const seen: Buffer[] = []
  for (const files of versions) {
    for (const [path, { buffer, byteOffset, byteLength }] of files) {
      const content = Buffer.from(buffer, byteOffset, byteLength)
      if (!isKrmPath(path) || !content.includes(DEFINITION)) continue
      if (!kinds.some(({ group, kind }) => content.includes(group) && content.includes(kind))) continue
      if (byteLength > left || seen.some((known) => known.equals(content))) continue
      seen.push(content)
      left -= byteLength
      yield* readKrmFile(content)?.documents ?? []
    }
  }
}
