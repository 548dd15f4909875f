/** Names for addresses, as a name server would give them. */
import promises from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

/** Resolves these names for the rest of a test; the function is called with each lookup. */
export function resolving(names: Record<string, () => string>): void {
  const { lookup } = promises
  const fake = async (name: string, options: object) => {
    const address = names[name]?.()
    if (address === undefined) return lookup(name, options)
    return [{ address, family: address.includes(':') ? 6 : 4 }]
  }
  Object.assign(promises, { lookup: fake })
  syncBuiltinESMExports()
  onTestFinished(() => {
    Object.assign(promises, { lookup })
    syncBuiltinESMExports()
  })
}
