import { Budget, BudgetError, GitIgnore } from '../validation/gitignore.ts'

const MAX_STEPS = 10_000_000

/** A limit on the work, for all patterns that are looked at in one go: other requests wait meanwhile. */
export function pathBudget(): Budget {
  return new Budget(MAX_STEPS)
}

/** Whether a pattern with the syntax of gitignore matches any of these paths; one that takes too long to match does. */
export function matchesPath(pattern: string, paths: readonly string[], budget: Budget): boolean {
  const rules = new GitIgnore(pattern, budget)
  try {
    return paths.some((path) => rules.ignores(path))
  } catch (error) {
    if (error instanceof BudgetError) return true
    throw error
  }
}
