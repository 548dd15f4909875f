import { readFile } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import { Connections } from '../oci/remote/connections.ts'
import type { Provider } from '../service/login/provider.ts'
import { proxiesOf } from './proxies.ts'

/** The identity provider that the settings name. It is the admin's own, so it may be at a private address. */
export async function identityProvider(config: Config): Promise<Provider | undefined> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecretFile: file } = config
  if (!issuer || clientId === undefined) return undefined
  const settings = {
    issuer,
    clientId,
    clientSecret: file === undefined ? undefined : await secretIn(file),
    scopes: config.oidcScopes,
    groupsClaim: config.oidcGroupsClaim,
    usernameClaim: config.oidcUsernameClaim,
  }
  // Only then its library is loaded.
  const loaded = await import('../service/login/provider.ts')
  return new loaded.Provider(settings, new Connections({ proxies: proxiesOf(config), keepAlive: false }))
}

async function secretIn(file: string): Promise<string> {
  const text = (await readFile(file, 'utf8')).trim()
  if (text !== '') return text
  throw new AppError(
    'invalid',
    `${file} is empty: it must have the secret of the client at the identity provider`,
  )
}
