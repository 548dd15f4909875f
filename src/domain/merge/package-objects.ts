/** Finds the objects that conflicts are about. */
import { valueAt } from '../krm/edit-object.ts'
import { type FieldPath, parseFieldPath } from '../krm/field-path.ts'
import { formatIdentity } from '../krm/identity.ts'
import { sameJson } from '../krm/json-value.ts'
import { isKrmPath, type KrmDocument, type KrmFile, readKrmFile } from '../krm/krm-file.ts'
import { type NamedObject, namedObjects } from '../krm/list-objects.ts'
import { YamlBudget } from '../krm/yaml-limits.ts'
import type { Resources } from '../resources.ts'
import type { Conflict } from './conflict.ts'

/** `at` is where the object is in its document, which may be a list of objects. */
export type Place = { path: string; file: KrmFile; document: KrmDocument; at: FieldPath }

type Objects = readonly NamedObject<KrmDocument>[]

type FileObjects = {
  file: KrmFile
  byName: ReadonlyMap<string, NamedObject<KrmDocument>>
  byIdentity: ReadonlyMap<string, Objects>
}

/** The objects of a package, each of whose files is read once, and only if it is needed. */
export class PackageObjects {
  readonly #resources: Resources
  readonly #budget = new YamlBudget()
  readonly #files = new Map<string, FileObjects | undefined>()
  /** The files that have an object of an identity. */
  #paths: Map<string, string[]> | undefined

  constructor(resources: Resources) {
    this.#resources = resources
  }

  /** Finds the object of a conflict in its file, or else in the one it was moved to. */
  find(conflict: Conflict): Place | undefined {
    return this.#findIn(conflict.path, conflict) ?? this.#findMoved(conflict)
  }

  #findMoved(conflict: Conflict): Place | undefined {
    const { object } = conflict
    if (object === null) return undefined
    this.#paths ??= this.#pathsByIdentity()
    for (const path of this.#paths.get(identityOf(object)) ?? this.#paths.get(object) ?? []) {
      const place = this.#findIn(path, conflict)
      if (place) return place
    }
    return undefined
  }

  #findIn(path: string, conflict: Conflict): Place | undefined {
    const objects = this.#read(path)
    const found = objects && withName(conflict, objects)
    return objects && found && { path, file: objects.file, document: found.document, at: found.at }
  }

  #read(path: string): FileObjects | undefined {
    if (this.#files.has(path)) return this.#files.get(path)
    const content = isKrmPath(path) ? this.#resources.get(path) : undefined
    const file = content && this.#budget.takes(content) ? readKrmFile(content) : undefined
    const objects = file && objectsOf(file)
    this.#files.set(path, objects)
    return objects
  }

  #pathsByIdentity(): Map<string, string[]> {
    const paths = new Map<string, string[]>()
    for (const path of this.#resources.keys()) {
      for (const identity of this.#read(path)?.byIdentity.keys() ?? []) {
        const others = paths.get(identity)
        if (others) others.push(path)
        else paths.set(identity, [path])
      }
    }
    return paths
  }
}

function objectsOf(file: KrmFile): FileObjects {
  const objects = namedObjects(file.documents)
  return {
    file,
    byName: new Map(objects.toReversed().map((object) => [object.name, object])),
    byIdentity: Map.groupBy(objects, ({ identity }) => formatIdentity(identity)),
  }
}

/** Returns the name of an object without its number. */
function identityOf(name: string): string {
  return name.split(' #', 1)[0] ?? ''
}

/** Of several objects with the same identity, one without its number is known by the value in conflict. */
function withName(
  { object, field, chosen, ...values }: Conflict,
  { byName, byIdentity }: FileObjects,
): NamedObject<KrmDocument> | undefined {
  const found = byName.get(object ?? '')
  const wanted = values[chosen]
  if (found || !object?.includes(' #') || wanted === undefined) return found
  const path = parseFieldPath(field) ?? []
  const objects = byIdentity.get(identityOf(object)) ?? []
  const same = objects.filter((other) => sameJson(valueAt(other.value, path), wanted))
  return same.length === 1 ? same[0] : undefined
}
