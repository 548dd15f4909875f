/** `.krmignore` files: gitignore syntax, in any directory of the package, for the files below that directory. */
import type { ErrorDetail } from '../../core/errors.ts'
import type { Resources } from '../resources.ts'
import { Budget, BudgetError, GitIgnore } from './gitignore.ts'

const FILE = '.krmignore'
/** The limit for all of them together, far above real ones. */
const MAX_BYTES = 16 * 1024
/** The limit for all files of a package: a second or two, five times the steps of 10,000 files with fifty patterns. */
const MAX_STEPS = 50_000_000

export type KrmIgnore = {
  /** Reports whether the `.krmignore` files of the package exclude a path. */
  ignores: (path: string) => boolean
  errors: ErrorDetail[]
}

export function krmIgnore(resources: Resources): KrmIgnore {
  const scopes: { directory: string; rules: GitIgnore }[] = []
  const errors: ErrorDetail[] = []
  const budget = new Budget(MAX_STEPS)
  let bytes = 0
  for (const [path, content] of resources) {
    if (path !== FILE && !path.endsWith(`/${FILE}`)) continue
    bytes += content.byteLength
    if (bytes > MAX_BYTES) {
      errors.push({
        path,
        message: `the ${FILE} files have more than ${MAX_BYTES} bytes together, which is the limit`,
      })
      continue
    }
    const text = Buffer.from(content)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
    scopes.push({ directory: path.slice(0, -FILE.length), rules: new GitIgnore(text, budget) })
  }
  let usedUp = false
  return {
    errors,
    ignores: (path) => {
      if (usedUp) return false
      try {
        return scopes.some(
          ({ directory, rules }) => path.startsWith(directory) && rules.ignores(path.slice(directory.length)),
        )
      } catch (error) {
        if (!(error instanceof BudgetError)) throw error
        usedUp = true
        errors.push({
          path: FILE,
          message: 'the patterns take too long to match: use fewer or simpler ones',
        })
        return false
      }
    },
  }
}
