import type { RootActor } from './actor.ts'
import { tokenHash } from './token-text.ts'

type RootToken = { actor: RootActor; id: string }

/**
 * Tokens of admins without an account: that of the settings, and those that this process makes. They are in its memory
 * only, and end with it.
 */
export class RootTokens {
  readonly #byHash = new Map<string, RootToken>()

  /** Lets a token in under a name. Returns a function that ends it. */
  add(name: string, text: string): () => void {
    const hash = tokenHash(text)
    // Unlike the name, the id is that of this text alone.
    this.#byHash.set(hash, { actor: { kind: 'root', name }, id: `root-${hash.slice(0, 32)}` })
    return () => void this.#byHash.delete(hash)
  }

  find(hash: string): RootToken | undefined {
    return this.#byHash.get(hash)
  }

  findById(id: string): RootToken | undefined {
    return [...this.#byHash.values()].find((token) => token.id === id)
  }
}
