import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readTar } from '../../src/artifact/tar/read-tar.ts'
import { DEFAULT_LIMITS } from '../../src/domain/resources.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { memoryApp } from '../support/app.ts'
import type { Client, Files } from '../support/client.ts'
import {
  type CorpusPackage,
  glasskubePackages,
  hasCorpus,
  kptPackages,
  readFiles,
  toJson,
} from '../support/corpus.ts'

function fromJson(files: Files): Map<string, Buffer> {
  return new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? Buffer.from(content) : Buffer.from(content?.base64 ?? '', 'base64'),
    ]),
  )
}

function sorted(files: ReadonlyMap<string, Uint8Array>): [string, string][] {
  return [...files].map(([path, bytes]): [string, string] => [path, digestOf(bytes)]).sort()
}

/** Stores a package, reads it in both formats, and compares every byte. Returns its name. */
async function storeAndCompare(
  client: Client,
  source: CorpusPackage,
  names: { package: string; workspace: string },
): Promise<string> {
  const files = readFiles(source)
  const draft = await client.createDraft('x', { resources: toJson(files) }, names)
  expect(sorted(fromJson(await client.resources(draft.name))), source.folder).toEqual(sorted(files))
  const { resources: archive } = readTar(gunzipSync(await client.archive(draft.name)), DEFAULT_LIMITS)
  expect(sorted(archive), source.folder).toEqual(sorted(files))
  return draft.name
}

/** Turns text into a valid label: "-" replaces everything except letters and digits. */
function label(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

describe.skipIf(!hasCorpus)('the server', () => {
  it('returns real kpt packages byte for byte, and publishes all of them', async () => {
    const packages = hasCorpus ? kptPackages() : []
    expect(packages).toHaveLength(173)
    const { client } = await memoryApp()
    await client.createRepository()
    const refused: string[] = []
    for (const source of packages) {
      const names = { package: source.path.split('/').map(label).join('/'), workspace: label(source.version) }
      const name = await storeAndCompare(client, source, names)
      const proposed = await client.call('POST', `/packagerevisions/${name}/propose`)
      if (proposed.status === 200) await client.verb(name, 'approve')
      else refused.push(`${source.path}@${source.version}: ${proposed.body.detail}`)
    }
    expect(refused).toEqual([])
  })

  it('returns real Glasskube packages byte for byte', async () => {
    const packages = hasCorpus ? glasskubePackages() : []
    expect(packages).toHaveLength(495)
    const { client } = await memoryApp()
    await client.createRepository()
    for (const source of packages) {
      await storeAndCompare(client, source, { package: label(source.path), workspace: label(source.version) })
    }
  })
})
