import { AsyncLocalStorage } from 'node:async_hooks'

const current = new AsyncLocalStorage<string>()

/** Runs work for a client, which is known wherever that leads: what all clients share is shared out fairly. */
export function forClient<T>(client: string, work: () => T): T {
  return current.run(client, work)
}

/** The client of the running work; empty for the server's own. */
export function currentClient(): string {
  return current.getStore() ?? ''
}
