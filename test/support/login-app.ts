/** An app that people log in to with a provider. */

import type { Components } from '../../src/server/components.ts'
import type { AccessOptions } from '../../src/service/access/access-control.ts'
import type { Provider } from '../../src/service/login/provider.ts'
import { Browser } from './browser.ts'
import type { Json } from './client.ts'
import { PUBLIC_URL } from './identity-provider.ts'
import { requiredApp } from './required-app.ts'

export const SESSION_COOKIE = '__Host-pkgserver'

/** `at`: another app, whose index this one uses. */
type Options = Partial<AccessOptions> & { publicUrl?: string; at?: { parts: Components } }

export async function loginApp(
  provider: Provider | undefined,
  { publicUrl = PUBLIC_URL, at, ...options }: Options = {},
) {
  // The provider has a real clock.
  const app = await requiredApp(options, {
    publicUrl,
    start: new Date(),
    index: at?.parts,
    change: (parts) => ({ ...parts, provider }),
  })
  const root = 'the-token-of-an-admin-in-the-settings'
  app.access.rootTokens.add('root:test', root)
  const browser = () => new Browser(publicUrl, async (url, init) => app.hono.request(url, init))
  const json = async (from: Browser, path: string) =>
    (await from.send(`/api/v1${path}`)).json() as Promise<Json>
  return {
    ...app,
    browser,
    /** A browser after a login. */
    loggedIn: async (path = '/auth/login?return=/docs') => {
      const made = browser()
      await made.follow(path, (url) => url.href === `${publicUrl}/docs`)
      return made
    },
    json,
    /** Waits for what is written beside the answers. */
    settled: () => app.ctx.commits.run(async () => undefined),
    admin: app.clientWith(root),
    /** The audit records of a type, the newest first. */
    audit: async (type: string): Promise<Json[]> =>
      (await app.clientWith(root).ok('GET', `/audit?type=${type}`)).items,
  }
}
