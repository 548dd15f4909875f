import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readTar } from '../../src/artifact/read-tar.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { DEFAULT_LIMITS } from '../../src/package/resources.ts'
import { memoryApp } from '../support/app.ts'
import type { Client, Files } from '../support/client.ts'
import {
  type CorpusPackage,
  glasskubePackages,
  hasCorpus,
  kptPackages,
  readFiles,
} from '../support/corpus.ts'

function toJson(files: Map<string, Buffer>): Files {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, { base64: bytes.toString('base64') }]))
}

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

/** Puts a package in, gets it out in both formats, and compares every byte. */
async function takes(
  client: Client,
  source: CorpusPackage,
  names: { package: string; workspace: string },
): Promise<string> {
  const files = readFiles(source)
  const draft = await client.createDraft('x', { resources: toJson(files) }, names)
  expect(sorted(fromJson(await client.resources(draft.name))), source.folder).toEqual(sorted(files))
  const archive = readTar(gunzipSync(await client.archive(draft.name)), DEFAULT_LIMITS)
  expect(sorted(archive), source.folder).toEqual(sorted(files))
  return draft.name
}

/** A label: what is no letter or digit becomes "-". */
function label(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

describe.skipIf(!hasCorpus)('real packages', () => {
  it('of kpt go in and come out byte for byte, and all of them can be published', async () => {
    const packages = hasCorpus ? kptPackages() : []
    expect(packages).toHaveLength(173)
    const { client } = await memoryApp()
    await client.createRepository()
    const refused: string[] = []
    for (const source of packages) {
      const names = { package: source.path.split('/').map(label).join('/'), workspace: label(source.version) }
      const name = await takes(client, source, names)
      const proposed = await client.call('POST', `/packagerevisions/${name}/propose`)
      if (proposed.status === 200) await client.verb(name, 'approve')
      else refused.push(`${source.path}@${source.version}: ${proposed.body.detail}`)
    }
    expect(refused).toEqual([])
  })

  it('of Glasskube go in and come out byte for byte', async () => {
    const packages = hasCorpus ? glasskubePackages() : []
    expect(packages).toHaveLength(495)
    const { client } = await memoryApp()
    await client.createRepository()
    for (const source of packages) {
      await takes(client, source, { package: label(source.path), workspace: label(source.version) })
    }
  })
})
