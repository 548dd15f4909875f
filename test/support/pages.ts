import type { Client } from './client.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

/** Yields the pages of a list. The path must have a query. */
export async function* pages(client: Client, path: string): AsyncGenerator<Json> {
  let token = ''
  do {
    const page = await client.ok('GET', `${path}${token}`)
    yield page
    token = page.continue ? `&continue=${page.continue}` : ''
  } while (token)
}
