import { type CrdSchemas, crdSchemas } from '../krm/crd-schemas.ts'
import { formatKind, type ObjectKind } from '../krm/identity.ts'
import type { JsonValue } from '../krm/json-value.ts'
import { isKrmPath, type ReadKrmFile, readKrmFile } from '../krm/krm-file.ts'
import { YamlBudget } from '../krm/yaml-limits.ts'
import type { Resources } from '../resources.ts'

const DEFINITION = 'CustomResourceDefinition'

/** A file with definitions: the words in it, and the schemas, which are read when they are needed. */
type Definitions = { words: ReadonlySet<string>; schemas: () => CrdSchemas }

/**
 * Returns a function that returns the schemas that any of these versions of a package defines for a kind. It reads each
 * file once, and none that has no definition of a kind that is asked for.
 */
export function packageSchemas(
  versions: readonly Resources[],
  read: ReadKrmFile = readKrmFile,
): (kind: ObjectKind) => CrdSchemas {
  let files: ReadonlyMap<string, readonly Definitions[]> | undefined
  const known = new Map<string, CrdSchemas>()
  return (kind) => {
    // The group of a custom resource always has a dot.
    if (!kind.group.includes('.')) return new Map()
    const name = formatKind(kind)
    files ??= filesByWord(definitionsIn(versions, read))
    const schemas = known.get(name) ?? new Map([[name, schemasOf(name, kind, files.get(kind.kind) ?? [])]])
    known.set(name, schemas)
    return schemas
  }
}

function schemasOf(name: string, { group }: ObjectKind, files: readonly Definitions[]): JsonValue[] {
  const defining = files.filter(({ words }) => words.has(group))
  return defining.flatMap(({ schemas }) => schemas().get(name) ?? [])
}

function definitionsIn(versions: readonly Resources[], read: ReadKrmFile): Definitions[] {
  // Further definitions are skipped.
  const budget = new YamlBudget()
  const seen = new Set<string>()
  return versions.flatMap((files) =>
    [...files].flatMap(([path, { buffer, byteOffset, byteLength }]): Definitions[] => {
      const content = Buffer.from(buffer, byteOffset, byteLength)
      if (!isKrmPath(path) || !content.includes(DEFINITION)) return []
      const text = content.toString('latin1')
      if (seen.has(text)) return []
      seen.add(text)
      let found: CrdSchemas | undefined
      const schemas = () => {
        found ??= crdSchemas((budget.takes(content) && read(content)?.documents) || [])
        return found
      }
      return [{ words: new Set(text.split(/[^\w.-]+/)), schemas }]
    }),
  )
}

function filesByWord(files: readonly Definitions[]): Map<string, Definitions[]> {
  const byWord = new Map<string, Definitions[]>()
  for (const file of files) {
    for (const word of file.words) {
      const others = byWord.get(word)
      if (others) others.push(file)
      else byWord.set(word, [file])
    }
  }
  return byWord
}
