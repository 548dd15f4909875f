/** A string, with the colon after a name; or a bracket. */
const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g

/** Whether an object in a text has a name twice, of which each parser may take another. The text must be valid JSON. */
export function hasDuplicateNames(json: string): boolean {
  /** The names of each open object; undefined for an array. */
  const open: (Set<unknown> | undefined)[] = []
  for (const [token, string, colon] of json.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (string === undefined) open.pop()
    else if (colon !== undefined) {
      const names = open.at(-1)
      // The same name can be spelled with other escapes.
      const name = JSON.parse(string)
      if (names?.has(name)) return true
      names?.add(name)
    }
  }
  return false
}
