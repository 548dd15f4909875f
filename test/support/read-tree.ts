/** Reads the tree of a Glasskube repository. */
import { expect } from 'vitest'
import { parse } from 'yaml'
import type { Client } from './client.ts'

export function get(client: Client, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return client.send(`/glasskube/${path}`, { method, headers })
}

export async function textAt(client: Client, path: string): Promise<string> {
  const answer = await get(client, path)
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return text
}

/** The latest version of each package in the index.yaml. */
export async function latestVersions(client: Client, repository = 'apps'): Promise<Record<string, string>> {
  const { packages } = parse(await textAt(client, `${repository}/index.yaml`))
  return Object.fromEntries(
    packages.map(({ name, latestVersion }: Record<string, string>) => [name, latestVersion]),
  )
}

/** Returns the versions.yaml of `apps/store`. */
export async function versionsOf(
  client: Client,
  path = 'apps/store',
): Promise<{ latest: string; versions: string[] }> {
  const { latestVersion, versions } = parse(await textAt(client, `${path}/versions.yaml`))
  return { latest: latestVersion, versions: versions.map(({ version }: { version: string }) => version) }
}
