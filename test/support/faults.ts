import { OciError } from '../../src/oci/errors.ts'
import type { Registry, Repository } from '../../src/oci/roles.ts'
import type { ServiceContext } from '../../src/service/context.ts'

const originals = new WeakMap<ServiceContext, Registry>()

/** Makes the registry of the services unavailable for the operations that `fails` selects. */
export function breakRegistry(
  ctx: ServiceContext,
  fails: (operation: keyof Repository, repository: string) => boolean,
): void {
  const registry = originals.get(ctx) ?? ctx.registry
  originals.set(ctx, registry)
  ctx.registry = {
    ping: () => registry.ping(),
    repositories: () => registry.repositories(),
    repository: (name) =>
      new Proxy(registry.repository(name), {
        get(target, operation) {
          const method = Reflect.get(target, operation, target)
          if (!fails(operation as keyof Repository, name)) return method.bind(target)
          return async () => {
            throw new OciError('unavailable', 'it is down')
          }
        },
      }),
  }
}
