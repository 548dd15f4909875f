/** The identity of the functions in a pipeline of kpt, which have no key field of their own. */
import { imageReference } from '../image-reference.ts'
import { formatKeys, type ItemKeys } from './field-path.ts'
import { fieldOf, type JsonValue } from './json-value.ts'

type List = readonly JsonValue[]

/** What tells functions of the same image apart. */
const MORE: readonly (readonly string[])[] = [[], ['name'], ['configPath'], ['name', 'configPath']]

/**
 * Returns the keys of functions in several versions of a pipeline: the image without tag and digest, since a newer one
 * is the same function, or the name where the image was replaced.
 */
export function functionKeys(versions: readonly List[]): (item: JsonValue) => ItemKeys | undefined {
  const inVersions = versions.map((list) => Map.groupBy(list, programOf))
  const known = new Map<string, readonly string[]>()
  const renamed = replaced(versions)
  return (item) => {
    const program = programOf(item)
    if (program === undefined) return undefined
    const name = fieldOf(item, 'name')
    if (typeof name === 'string' && renamed.has(name)) return { name }
    const more = known.get(program) ?? moreOf(program)
    known.set(program, more)
    return keysWith(item, more)
  }

  function moreOf(program: string): readonly string[] {
    const unique = (fields: readonly string[]) =>
      inVersions.every((items) => areUnique(items.get(program) ?? [], fields))
    return MORE.find(unique) ?? []
  }
}

function areUnique(items: List, fields: readonly string[]): boolean {
  return new Set(items.map((item) => formatKeys(keysWith(item, fields) ?? {}))).size === items.length
}

/** Returns the names that the same function has with another image in some version. */
function replaced(versions: readonly List[]): Set<string> {
  const nameOf = (item: JsonValue): JsonValue | undefined => fieldOf(item, 'name')
  const items = versions.flat()
  const byProgram = Map.groupBy(items, programOf)
  const inVersions = versions.map((list) => Map.groupBy(list, nameOf))
  const found = new Set<string>()
  for (const [name, named] of Map.groupBy(items, nameOf)) {
    if (typeof name !== 'string' || name === '') continue
    const programs = new Set(named.map(programOf))
    if (programs.size === 1 || inVersions.some((names) => (names.get(name)?.length ?? 0) > 1)) continue
    const isOwn = (program: string | undefined) =>
      byProgram.get(program)?.every((item) => nameOf(item) === name)
    if ([...programs].every(isOwn)) found.add(name)
  }
  return found
}

function programOf(item: JsonValue): string | undefined {
  const keys = keysWith(item, [])
  return keys && formatKeys(keys)
}

/** A field that the function lacks counts too. Undefined for an item that runs nothing. */
function keysWith(item: JsonValue, fields: readonly string[]): ItemKeys | undefined {
  const [image, exec] = [fieldOf(item, 'image'), fieldOf(item, 'exec')]
  const more = Object.fromEntries(fields.map((field) => [field, textOf(fieldOf(item, field))]))
  if (typeof image === 'string') return { image: imageReference(image).repository, ...more }
  return typeof exec === 'string' ? { exec, ...more } : undefined
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}
