/** https://distribution.github.io/distribution/spec/auth/scope/ */
export type Action = 'pull' | 'push' | 'delete'

export function repositoryScope(name: string, ...actions: Action[]): string {
  return `repository:${name}:${[...actions].sort().join(',')}`
}

/** Combines the actions of each resource and sorts, so that equal sets of scopes give the same list. */
export function mergeScopes(scopes: readonly string[]): string[] {
  const byResource = new Map<string, Set<string>>()
  for (const scope of scopes) {
    const end = scope.lastIndexOf(':')
    const resource = scope.slice(0, end)
    const actions = byResource.get(resource) ?? new Set()
    for (const action of scope.slice(end + 1).split(',')) actions.add(action)
    byResource.set(resource, actions)
  }
  return [...byResource].map(([resource, actions]) => `${resource}:${[...actions].sort().join(',')}`).sort()
}

/** Parses the scopes of a challenge and drops malformed ones. */
export function parseScopes(text: string | undefined): string[] {
  return (text ?? '').split(' ').filter((scope) => /^[^:\s]+:[^\s]*:[a-z*,]+$/.test(scope))
}
