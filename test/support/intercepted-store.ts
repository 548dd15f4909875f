import type { BlobStore } from '../../src/registry/store/blob-store.ts'

/** Called before and after each operation of a store. May delay it, or throw to make it fail. */
type Intercept = (when: 'before' | 'after', operation: string, key?: unknown) => Promise<void>

/** Wraps a store so that `intercept` can delay its operations or make them fail. */
export function interceptedStore(store: BlobStore, intercept: Intercept): BlobStore {
  const wrapped = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const member = Reflect.get(target, name, target)
        if (typeof member !== 'function' || name === 'read' || name === 'append') {
          return typeof member === 'function' ? member.bind(target) : member
        }
        return async (...args: unknown[]) => {
          await intercept('before', String(name), args[0])
          const result = await member.apply(target, args)
          await intercept('after', String(name), args[0])
          return name === 'upload' ? wrapped(result) : result
        }
      },
    })
  return wrapped(store)
}
