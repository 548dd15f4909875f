/** `.krmignore`: gitignore syntax, one file in any directory of the package, for the files below that directory. */
import type { ErrorDetail } from '../../errors.ts'
import type { Resources } from '../resources.ts'
import { GitIgnore } from './gitignore.ts'

const FILE = '.krmignore'
/** Of all of them together. More than anybody writes; less than what would keep the server busy. */
const MAX_BYTES = 16 * 1024

export type KrmIgnore = {
  /** Whether the package's files of that name leave this path out. */
  ignores: (path: string) => boolean
  errors: ErrorDetail[]
}

export function krmIgnore(resources: Resources): KrmIgnore {
  const scopes: { directory: string; rules: GitIgnore }[] = []
  const errors: ErrorDetail[] = []
  let bytes = 0
  for (const [path, content] of resources) {
    if (path !== FILE && !path.endsWith(`/${FILE}`)) continue
    bytes += content.byteLength
    if (bytes > MAX_BYTES) {
      errors.push({
        path,
        message: `the ${FILE} files have more than ${MAX_BYTES} bytes, the most they may have`,
      })
      continue
    }
    const text = Buffer.from(content)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
    scopes.push({ directory: path.slice(0, -FILE.length), rules: new GitIgnore(text) })
  }
  return {
    errors,
    ignores: (path) => {
      return scopes.some(
        ({ directory, rules }) => path.startsWith(directory) && rules.ignores(path.slice(directory.length)),
      )
    },
  }
}
