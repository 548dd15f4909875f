/** `.krmignore`: gitignore syntax, one file in any directory of the package, for the files below that directory. */
import ignore, { type Ignore } from 'ignore'
import type { Resources } from '../resources.ts'

const FILE = '.krmignore'

/** A predicate: whether the package's `.krmignore` files name this path. */
export function krmIgnore(resources: Resources): (path: string) => boolean {
  const scopes: { directory: string; rules: Ignore }[] = []
  for (const [path, content] of resources) {
    if (path !== FILE && !path.endsWith(`/${FILE}`)) continue
    const text = Buffer.from(content)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
    scopes.push({ directory: path.slice(0, -FILE.length), rules: ignore().add(text) })
  }
  return (path) =>
    scopes.some(({ directory, rules }) => {
      return path.startsWith(directory) && path !== directory && rules.ignores(path.slice(directory.length))
    })
}
