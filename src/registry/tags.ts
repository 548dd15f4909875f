import type { Descriptor } from '../oci/descriptor.ts'
import { mapConcurrently } from './concurrency.ts'
import type { RegistryContext } from './context.ts'
import { busy, type RegistryError } from './errors.ts'
import { tagKey, tagsFolder } from './keys.ts'
import { Remembered } from './remembered.ts'
import type { Page } from './store/blob-store.ts'

const REMEMBERED_TAGS = 100_000
/** Names of tags in the lists that are remembered. */
const REMEMBERED_NAMES = 500_000
/** Somebody may move a tag first, but not again and again: then something is wrong. */
const ATTEMPTS = 100

/** What a tag points to, and the version of the object that says so. */
type Target = { descriptor: Descriptor; version: string }

/** Is told what a tag points to now, before it is moved or deleted, and throws to have nothing done. */
export type MayMove = (tag: string, from: string | undefined) => Promise<void>

/** Tags: one small object each, the descriptor of the manifest that it points to. */
export class Tags {
  readonly #ctx: RegistryContext
  readonly #targets: Remembered<Target>
  readonly #names: Remembered<string[]>

  constructor(ctx: RegistryContext) {
    this.#ctx = ctx
    this.#targets = new Remembered(ctx.store.shared, { entries: REMEMBERED_TAGS })
    this.#names = new Remembered(ctx.store.shared, {
      bytes: REMEMBERED_NAMES,
      bytesOf: ({ length }) => length + 1,
    })
  }

  /** The manifest that a tag points to; undefined where there is no such tag. */
  async get(repository: string, tag: string): Promise<Descriptor | undefined> {
    return (await this.#target(repository, tag))?.descriptor
  }

  /** Tags in ASCII order: all of them, or a page. */
  async list(repository: string, { after, limit }: Page = {}): Promise<string[]> {
    const folder = tagsFolder(repository)
    const read = async (page: Page): Promise<string[]> =>
      (await this.#ctx.store.list(folder, page)).map(({ name }) => name)
    if (this.#ctx.store.shared) return read({ after, limit })
    const names = (await this.#names.get(folder, () => read({}))) ?? []
    const rest = after === undefined ? names : names.filter((name) => name > after)
    return limit === undefined ? rest : rest.slice(0, limit)
  }

  /**
   * Points a tag to a manifest. `mayMove` is asked again where another process has moved the tag meanwhile. The caller
   * holds the repository's lock.
   */
  async set(repository: string, tag: string, descriptor: Descriptor, mayMove?: MayMove): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = await this.#target(repository, tag)
      await mayMove?.(tag, now?.descriptor.digest)
      if (await this.#put(repository, tag, descriptor, now)) return
    }
    throw movedByOthers(tag)
  }

  /**
   * Removes a tag and leaves its manifest. `from`: only while it points there. Resolves to whether it was there. The
   * caller holds the repository's lock.
   */
  async remove(
    repository: string,
    tag: string,
    options: { from?: string; mayMove?: MayMove | undefined } = {},
  ): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = await this.#target(repository, tag)
      const digest = now?.descriptor.digest
      await options.mayMove?.(tag, digest)
      if (!now || (options.from !== undefined && digest !== options.from)) return false
      if (await this.#delete(repository, tag, now)) return true
    }
    throw movedByOthers(tag)
  }

  /** The tags that point to a manifest. */
  async on(repository: string, digest: string): Promise<string[]> {
    const entries = await this.entries(repository)
    return entries.filter(([, descriptor]) => descriptor.digest === digest).map(([tag]) => tag)
  }

  /** Every tag and what it points to. */
  async entries(repository: string): Promise<[tag: string, descriptor: Descriptor][]> {
    const found = await mapConcurrently(await this.list(repository), async (tag) => {
      const descriptor = await this.get(repository, tag)
      return { tag, descriptor }
    })
    return found.flatMap(({ tag, descriptor }) => (descriptor ? [[tag, descriptor]] : []))
  }

  async #target(repository: string, tag: string): Promise<Target | undefined> {
    const key = tagKey(repository, tag)
    return this.#targets.get(key, async () => {
      const stored = await this.#ctx.store.get(key)
      if (!stored) return undefined
      return { descriptor: JSON.parse(Buffer.from(stored.bytes).toString()), version: stored.version }
    })
  }

  async #put(
    repository: string,
    tag: string,
    descriptor: Descriptor,
    now: Target | undefined,
  ): Promise<boolean> {
    const key = tagKey(repository, tag)
    const { store } = this.#ctx
    const bytes = Buffer.from(JSON.stringify(descriptor))
    // Nobody but the holder of the lock writes to a store that is not shared.
    const expected = store.shared ? (now?.version ?? null) : undefined
    const put = () => this.#targets.change(key, () => store.put(key, bytes, expected))
    return now ? put() : this.#names.change(tagsFolder(repository), put)
  }

  async #delete(repository: string, tag: string, now: Target): Promise<boolean> {
    const key = tagKey(repository, tag)
    const { store } = this.#ctx
    const expected = store.shared ? now.version : undefined
    return this.#names.change(tagsFolder(repository), () =>
      this.#targets.change(key, () => store.delete(key, expected)),
    )
  }
}

function movedByOthers(tag: string): RegistryError {
  return busy(`the tag ${tag} is moved by others all the time: try again`)
}
