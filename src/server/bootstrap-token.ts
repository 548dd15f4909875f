import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Policy } from '../service/access/policy.ts'
import type { RootTokens } from '../service/access/root-tokens.ts'
import { newTokenText } from '../service/access/token-text.ts'

export function bootstrapTokenFile(folder: string): string {
  return join(folder, 'bootstrap-token')
}

/**
 * Keeps a file with the token of an admin while the server requires rights and has no admin who could give any. A new
 * token each time: a copy of an old file is worth nothing.
 */
export class BootstrapToken {
  readonly #file: string
  readonly #tokens: RootTokens
  readonly #log: Logger
  #needed: boolean | undefined
  #end = (): void => undefined

  constructor(folder: string, tokens: RootTokens, log: Logger) {
    this.#file = bootstrapTokenFile(folder)
    this.#tokens = tokens
    this.#log = log
  }

  /** Called with each new policy. */
  follow({ open, hasAdmin }: Pick<Policy, 'open' | 'hasAdmin'>): void {
    const needed = !open && !hasAdmin
    if (needed === this.#needed) return
    this.#needed = needed
    this.#end()
    try {
      rmSync(this.#file, { force: true })
      if (needed) this.#write()
    } catch (err) {
      this.#log.error(
        { err, file: this.#file },
        'cannot write or remove the token of the first admin: PKGSERVER_ADMIN_TOKEN_FILE can name a file with one',
      )
    }
  }

  #write(): void {
    const text = newTokenText('bootstrap')
    // Fails where something else is in its place meanwhile.
    writeFileSync(this.#file, `${text}\n`, { mode: 0o600, flag: 'wx' })
    this.#end = this.#tokens.add('root:bootstrap', text)
    this.#log.warn(
      { file: this.#file },
      'the server has no admin yet: until it has one, the content of this file is the token of one',
    )
  }
}
