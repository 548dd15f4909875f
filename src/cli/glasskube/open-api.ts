import { readFile } from 'node:fs/promises'
import { AppError } from '../../core/errors.ts'
import { createApp } from '../../server/app.ts'
import type { Components } from '../../server/components.ts'
import { newTokenText } from '../../service/access/token-text.ts'
import { RestApi } from './rest-api.ts'

/** The REST API on components that this process has opened, with the rights of an admin, as the data are the caller's. */
export async function appApi(components: Components): Promise<RestApi> {
  const url = new URL('http://localhost')
  const { hono } = await createApp(components, url)
  const token = newTokenText('bootstrap')
  components.authenticator.access.rootTokens.add('root:command-line', token)
  return new RestApi(url, token, async (request) => hono.fetch(request))
}

/** The REST API of a server at a URL, with the token in a file. Throws `invalid`. */
export async function elsewhere(server: string, tokenFile: string | undefined): Promise<RestApi> {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.href !== `${url.origin}/`) {
    throw new AppError(
      'invalid',
      '--server must be the URL of a server without user name and path, as in https://pkgserver.example.com',
    )
  }
  return new RestApi(url, tokenFile === undefined ? undefined : await readToken(tokenFile))
}

async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, 'utf8')).trim()
  if (/^[!-~]+$/.test(token)) return token
  throw new AppError('invalid', `${file} must contain a token, and nothing else`)
}
