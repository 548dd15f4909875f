/** Glasskube repositories for tests. */
import { stringify } from 'yaml'
import type { Client, Files, Json } from './client.ts'

/** A package.yaml with what each needs. */
export function manifest(name: string, fields: object = {}): string {
  return stringify({ name, defaultNamespace: name, ...fields })
}

export async function glasskubeRepository(client: Client, name = 'apps'): Promise<Json> {
  return client.ok('POST', '/repositories', { name, type: 'catalog', format: 'glasskube' })
}

/** Creates a draft of a version, in `apps`; `files` are beside its package.yaml, or replace it. */
export async function draftVersion(
  client: Client,
  name: string,
  version: string,
  { fields, files, repository = 'apps' }: { fields?: object; files?: Files; repository?: string } = {},
): Promise<Json> {
  return client.createDraft(
    version.toLowerCase().replace(/[^a-z0-9]/g, '-'),
    { resources: { 'package.yaml': manifest(name, fields), ...files } },
    { repository, package: name, version },
  )
}

export async function publishVersion(...args: Parameters<typeof draftVersion>): Promise<Json> {
  const [client] = args
  const { name } = await draftVersion(...args)
  await client.verb(name, 'propose')
  return client.verb(name, 'approve')
}
