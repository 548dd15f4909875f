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

/** The REST API of a server at a URL, with the token in a file. */
export async function elsewhere(server: string, tokenFile: string | undefined): Promise<RestApi> {
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new AppError(
      'invalid',
      `--server ${server} is no URL: write it as in https://pkgserver.example.com`,
    )
  }
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim()
  return new RestApi(new URL(server), token)
}
