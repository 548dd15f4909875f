/** What a registry is told about who calls. */
export type Credentials = {
  username?: string
  password?: string
  /** A refresh token of OAuth2, which the token service of the registry exchanges. */
  identityToken?: string
  /** A bearer token that the registry takes as it is. */
  registryToken?: string
}

/** The credentials for a registry, asked anew where the last ones were refused; undefined to go without any. */
export type CredentialsProvider = (registry: URL) => Promise<Credentials | undefined>

export function staticCredentials(credentials: Credentials): CredentialsProvider {
  return async () => credentials
}

/** The Authorization header with user name and password, where there are both. */
export function basicHeader(credentials: Credentials | undefined): string | undefined {
  const { username, password } = credentials ?? {}
  if (username === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
