import { Budget, BudgetError, GitIgnore } from '../validation/gitignore.ts'

const MAX_STEPS = 10_000_000

/** Whether a pattern with the syntax of gitignore matches any of these paths; one that takes too long to match does. */
export function matchesPath(pattern: string, paths: readonly string[]): boolean {
  const rules = new GitIgnore(pattern, new Budget(MAX_STEPS))
  try {
    return paths.some((path) => rules.ignores(path))
  } catch (error) {
    if (error instanceof BudgetError) return true
    throw error
  }
}
