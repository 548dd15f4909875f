/** https://distribution.github.io/distribution/spec/auth/scope/ */
export type Action = 'pull' | 'push' | 'delete'

export function repositoryScope(name: string, ...actions: Action[]): string {
  return `repository:${name}:${[...actions].sort().join(',')}`
}

/** Each resource once, with all actions, in an order that does not depend on where they come from. */
export function mergedScopes(scopes: readonly string[]): string[] {
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

/** The scopes in a challenge; those that are none are left out. */
export function parseScopes(text: string | undefined): string[] {
  return (text ?? '').split(' ').filter((scope) => /^[^:\s]+:[^\s]*:[a-z*,]+$/.test(scope))
}
