import type { RootActor } from './actor.ts'
import { tokenHash } from './token-text.ts'

/** The name of the token in the settings, the only one that is the same in the next process. */
export const SETTINGS_TOKEN = 'root:settings'

/**
 * Tokens of admins without an account: that of the settings, and those that this process makes. They are in its memory
 * only, and end with it.
 */
export class RootTokens {
  readonly #byHash = new Map<string, RootActor>()

  /** Lets a token in under a name. Returns a function that ends it. */
  add(name: string, text: string): () => void {
    const hash = tokenHash(text)
    // Unlike the name, the id is that of this text alone.
    this.#byHash.set(hash, { kind: 'root', name, tokenId: `root-${hash.slice(0, 32)}` })
    return () => void this.#byHash.delete(hash)
  }

  find(hash: string): RootActor | undefined {
    return this.#byHash.get(hash)
  }

  findById(id: string): RootActor | undefined {
    return this.#find(({ tokenId }) => tokenId === id)
  }

  /**
   * The bearer of a token for work that goes on without a request. Tokens that each process makes for the owner of the
   * data folder stand for those of earlier processes.
   */
  findLater({ name, tokenId }: { name: string; tokenId: string }): RootActor | undefined {
    const ofOwner = name === SETTINGS_TOKEN ? undefined : this.#find((actor) => actor.name === name)
    return this.findById(tokenId) ?? ofOwner
  }

  #find(matches: (actor: RootActor) => boolean): RootActor | undefined {
    return [...this.#byHash.values()].find(matches)
  }
}
