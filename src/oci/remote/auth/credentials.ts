export type Credentials = {
  username?: string
  password?: string
  /** An OAuth2 refresh token, which the registry's token service exchanges for an access token. */
  identityToken?: string
  /** A bearer token for the registry itself, sent unchanged. */
  registryToken?: string
}

/** Returns the credentials for a registry, or undefined for anonymous access. Called again after they are rejected. */
export type CredentialsProvider = (registry: URL) => Promise<Credentials | undefined>

export function staticCredentials(credentials: Credentials): CredentialsProvider {
  return async () => credentials
}

/** Returns the Authorization header for Basic authentication, or undefined without a username and password. */
export function basicHeader(credentials: Credentials | undefined): string | undefined {
  const { username, password } = credentials ?? {}
  if (username === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
