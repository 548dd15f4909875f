/** Wraps a registry so that each call to it is measured. */
import { isNotFound, OciError } from '../oci/errors.ts'
import type { Registry, Repository } from '../oci/roles.ts'

export type CallOutcome = 'done' | 'not_found' | 'unavailable' | 'failed'

/** `call` is the name of a method of `Repository`. */
export type OnCall = (call: string, outcome: CallOutcome, seconds: number) => void

export function measuredRegistry(registry: Registry, onCall: OnCall): Registry {
  return withMethods(registry, {
    repository: (name: string) => measuredRepository(registry.repository(name), onCall),
    ping: () => measured('ping', onCall, () => registry.ping()),
  })
}

function measuredRepository(repository: Repository, onCall: OnCall): Repository {
  return new Proxy(repository, {
    get(target, name) {
      const member = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const start = performance.now()
        const result = member.apply(target, args)
        if (result instanceof Promise) return measured(String(name), onCall, () => result, start)
        return Symbol.asyncIterator in Object(result) ? measuredList(String(name), onCall, result) : result
      }
    },
  })
}

/** Replaces some methods of the registry. */
function withMethods(registry: Registry, methods: Partial<Registry>): Registry {
  return new Proxy(registry, {
    get(target, name) {
      const member = Reflect.get(methods, name) ?? Reflect.get(target, name, target)
      return typeof member === 'function' && !Reflect.has(methods, name) ? member.bind(target) : member
    },
  })
}

async function measured<T>(
  call: string,
  onCall: OnCall,
  work: () => Promise<T>,
  start = performance.now(),
): Promise<T> {
  try {
    const result = await work()
    onCall(call, 'done', (performance.now() - start) / 1000)
    return result
  } catch (error) {
    onCall(call, outcomeOf(error), (performance.now() - start) / 1000)
    throw error
  }
}

/** Measures a list from its first item to its last, including the time that its reader takes. */
async function* measuredList<T>(call: string, onCall: OnCall, list: AsyncIterable<T>): AsyncGenerator<T> {
  const start = performance.now()
  let outcome: CallOutcome = 'done'
  try {
    yield* list
  } catch (error) {
    outcome = outcomeOf(error)
    throw error
  } finally {
    onCall(call, outcome, (performance.now() - start) / 1000)
  }
}

function outcomeOf(error: unknown): CallOutcome {
  if (isNotFound(error)) return 'not_found'
  return error instanceof OciError && error.code === 'unavailable' ? 'unavailable' : 'failed'
}
