import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readTar } from '../../src/artifact/tar/read-tar.ts'
import { DEFAULT_LIMITS } from '../../src/domain/resources.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { memoryApp } from '../support/app.ts'
import type { Client, Files } from '../support/client.ts'
import { tarGz } from '../support/tar.ts'

const KINDS: Record<string, Buffer> = {
  'bom.yaml': Buffer.from('\uFEFFa: 1\n'),
  'crlf.yaml': Buffer.from('a: 1\r\nb: 2\r\n'),
  'no-newline.yaml': Buffer.from('a: 1'),
  'empty.yaml': Buffer.alloc(0),
  'binary.bin': Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80, 13, 10, 0]),
  'nul.txt': Buffer.from('a\0b'),
  'latin1.txt': Buffer.from('caf\xe9', 'latin1'),
  'utf16.txt': Buffer.from('\uFEFFtext', 'utf16le'),
  'comments.yaml': Buffer.from('# first\nz: 1   # why\n\n\na: "quoted"\nm: {b: 1, a: 2}\n'),
  'name with spaces.txt': Buffer.from('x'),
  'ümläut/日本語/😀.yaml': Buffer.from('ok: ✓\n'),
  'NFC-é.txt': Buffer.from('composed'),
  'NFD-e\u0301.txt': Buffer.from('decomposed'),
  'a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/deep.yaml': Buffer.from('deep: true\n'),
  __proto__: Buffer.from('a file like any other'),
  'constructor/__proto__/toString': Buffer.from('x'),
  '0': Buffer.from('zero'),
  '10': Buffer.from('ten'),
  '-': Buffer.from('dash'),
  '.hidden/.file': Buffer.from('x'),
  'run.sh': Buffer.from('#!/bin/sh\necho hi\n'),
  'UPPER.YAML': Buffer.from('a: 1\n'),
  'upper.yaml': Buffer.from('a: 2\n'),
  [`${'d'.repeat(200)}/${'f'.repeat(200)}.txt`]: Buffer.from('long'),
  'eight-mib.bin': Buffer.alloc(8 * 1024 * 1024, Buffer.from([...Array(251).keys()])),
}
// An object literal would set the prototype with `__proto__:`; here it is a file.
const FILES = new Map(
  Object.entries(
    Object.fromEntries([...Object.entries(KINDS), ['__proto__', Buffer.from('a file like any other')]]),
  ),
)

function asText(files: Map<string, Buffer>): string {
  const pairs = [...files].map(([path, bytes]) => {
    const text = bytes.toString()
    const content = Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') }
    return `${JSON.stringify(path)}: ${JSON.stringify(content)}`
  })
  return `{${pairs.join(',')}}`
}

function decoded(files: Files): [string, string][] {
  return Object.entries(files)
    .map(([path, content]): [string, string] => {
      const bytes =
        typeof content === 'string' ? Buffer.from(content) : Buffer.from(content?.base64 ?? '', 'base64')
      return [path, digestOf(bytes)]
    })
    .sort()
}

const EXPECTED = [...FILES].map(([path, bytes]): [string, string] => [path, digestOf(bytes)]).sort()

async function check(client: Client, name: string): Promise<void> {
  expect((await client.get(name)).fileCount).toBe(FILES.size)
  expect(decoded(await client.resources(name))).toEqual(EXPECTED)
  const { resources: archive } = readTar(gunzipSync(await client.archive(name)), DEFAULT_LIMITS)
  expect([...archive].map(([path, bytes]) => [path, digestOf(bytes)]).sort()).toEqual(EXPECTED)
}

async function checkOneByOne(client: Client, name: string): Promise<void> {
  for (const [path, bytes] of FILES) {
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const response = await client.send(`/api/v1/packagerevisions/${name}/resources/${encoded}`)
    expect(response.status, path).toBe(200)
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes), path).toBe(0)
  }
}

describe('every kind of file', () => {
  it('survives a round trip as JSON, bit for bit', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const body = `{"repository": "blueprints", "package": "nf/upf", "workspace": "ws1", "source": {"resources": ${asText(FILES)}}}`
    const { name } = await client.ok('POST', '/packagerevisions', body, {
      'Content-Type': 'application/json',
    })
    await check(client, name)
    await checkOneByOne(client, name)
  })

  it('survives a round trip as an archive, by POST and by PUT', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const archive = tarGz(
      [...FILES].flatMap(([path, content]) => {
        return Buffer.byteLength(path) > 100
          ? [
              { type: 'L', content: `${path}\0` },
              { name: 'long', content },
            ]
          : [{ name: path, content }]
      }),
    )
    const query = 'repository=blueprints&package=nf/upf&workspace=ws1&version=1.2.3'
    const draft = await client.ok('POST', `/packagerevisions?${query}`, archive, {
      'Content-Type': 'application/gzip',
    })
    expect(draft).toMatchObject({ task: 'resources', version: '1.2.3' })
    await check(client, draft.name)

    const { name } = await client.createDraft('ws2')
    const headers = { 'Content-Type': 'application/gzip', 'If-Match': '*' }
    const replaced = await client.ok('PUT', `/packagerevisions/${name}/resources`, archive, headers)
    expect(replaced.artifact.layerDigest).toBe(draft.artifact.layerDigest)
    await check(client, name)
  })

  it.each(['application/x-gzip', 'application/x-tar+gzip', 'application/octet-stream', undefined])(
    'survives in an archive with another Content-Type: %s',
    async (type) => {
      const { client } = await memoryApp()
      await client.createRepository()
      const { name } = await client.createDraft('ws1')
      const headers = { 'If-Match': '*', ...(type !== undefined && { 'Content-Type': type }) }
      const archive = tarGz([{ name: 'a.yaml', content: 'a: 1\n' }])
      const path = `/packagerevisions/${name}/resources`
      expect((await client.call('PUT', path, archive, headers)).status).toBe(200)
      expect(await client.resources(name)).toEqual({ 'a.yaml': 'a: 1\n' })
    },
  )

  it('survives in an archive that pkgserver itself returned', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const first = await client.createDraft('ws1', {
      resources: { 'a/b.yaml': 'a: 1\n', c: { base64: '/w==' } },
    })
    const archive = await client.archive(first.name)
    const { name } = await client.createDraft('ws2')
    const headers = { 'Content-Type': 'application/gzip', 'If-Match': '*' }
    const second = await client.ok('PUT', `/packagerevisions/${name}/resources`, archive, headers)
    expect(second.artifact.layerDigest).toBe(first.artifact.layerDigest)
    expect(Buffer.compare(await client.archive(name), archive)).toBe(0)
  })
})

describe('a file that is UTF-8 but not text', () => {
  it('is returned in base64', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const bytes = Buffer.from('a\u0000b')
    const { name } = await client.createDraft('ws1', {
      resources: { bin: { base64: bytes.toString('base64') }, text: 'tab\tline\r\n\ufeff' },
    })
    expect(await client.resources(name)).toEqual({
      bin: { base64: bytes.toString('base64') },
      text: 'tab\tline\r\n\ufeff',
    })
  })
})

describe('a directory', () => {
  it('can be nested as deep as paths allow', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const deep = `${'d/'.repeat(63)}f.yaml`
    const { name } = await client.createDraft('ws1', { resources: { [deep]: 'a: 1\n' } })
    expect(await client.resources(name)).toEqual({ [deep]: 'a: 1\n' })
    const headers = { 'Content-Type': 'application/gzip', 'If-Match': '*' }
    await client.ok('PUT', `/packagerevisions/${name}/resources`, await client.archive(name), headers)
    const copy = await client.createDraft('ws2', { copy: { from: name } })
    const deeper = { resources: { [`d/${deep}`]: 'a: 1\n' } }
    expect(
      await client.call('PATCH', `/packagerevisions/${copy.name}/resources`, deeper, { 'If-Match': '*' }),
    ).toMatchObject({ status: 400, body: { detail: expect.stringContaining('deeper than 64') } })
  })
})

describe('a patch of files', () => {
  it('can be an archive, which adds and replaces files', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1', {
      resources: { 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' },
    })
    const archive = tarGz([
      { name: 'b.yaml', content: Buffer.from('b: 2\n') },
      { name: 'd/c.yaml', content: Buffer.from('c: 1\n') },
    ])
    const headers = { 'Content-Type': 'application/gzip', 'If-Match': '*' }
    await client.ok('PATCH', `/packagerevisions/${name}/resources`, archive, headers)
    expect(await client.resources(name)).toEqual({
      'a.yaml': 'a: 1\n',
      'b.yaml': 'b: 2\n',
      'd/c.yaml': 'c: 1\n',
    })
    const link = tarGz([{ name: 'l', type: '2', link: '/etc/passwd' }])
    const refused = await client.call('PATCH', `/packagerevisions/${name}/resources`, link, headers)
    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_archive' } })
  })
})

describe('reading files', () => {
  it('returns JSON or an archive, as Accept prefers', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name, artifact } = await client.createDraft('ws1')
    const get = async (accept?: string) =>
      client.send(
        `/api/v1/packagerevisions/${name}/resources`,
        accept === undefined ? {} : { headers: { Accept: accept } },
      )
    for (const accept of [
      undefined,
      '*/*',
      'application/json',
      'application/*',
      'application/gzip;q=0.5, application/json',
      'text/html, */*;q=0.1',
    ]) {
      expect((await get(accept)).headers.get('Content-Type'), accept).toBe('application/json')
    }
    for (const accept of [
      'application/gzip',
      'application/gzip, application/json;q=0.5',
      'APPLICATION/GZIP',
      'application/json;q=0, */*',
    ]) {
      const response = await get(accept)
      expect(response.headers.get('Content-Type'), accept).toBe('application/gzip')
      expect(response.headers.get('Content-Length')).toBe(String(artifact.size))
    }
    expect((await get('text/html')).status).toBe(406)
  })

  it('returns 404 without an ETag for a missing file', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    const missing = await client.call('GET', `/packagerevisions/${name}/resources/nope`, undefined, {
      'If-None-Match': '*',
    })
    expect(missing.status).toBe(404)
    expect(missing.headers.get('ETag')).toBeNull()
  })

  it('returns 304 if the client already has them', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name, resourceVersion } = await client.createDraft('ws1')
    for (const path of ['', '/resources', '/resources/Kptfile']) {
      const first = await client.send(`/api/v1/packagerevisions/${name}${path}`)
      expect(first.headers.get('ETag')).toBe(`"${resourceVersion}"`)
      for (const condition of [
        `"${resourceVersion}"`,
        `W/"${resourceVersion}"`,
        `"0", "${resourceVersion}"`,
        '*',
      ]) {
        const again = await client.send(`/api/v1/packagerevisions/${name}${path}`, {
          headers: { 'If-None-Match': condition },
        })
        expect(again.status, `${path} ${condition}`).toBe(304)
        expect(await again.text()).toBe('')
      }
      const changed = await client.send(`/api/v1/packagerevisions/${name}${path}`, {
        headers: { 'If-None-Match': '"0"' },
      })
      expect(changed.status).toBe(200)
    }
  })

  it('works for a revision whose files do not parse', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1', { resources: { 'a.yaml': ': : :' } })
    expect(await client.resources(name)).toEqual({ 'a.yaml': ': : :' })
  })
})

describe('saving the same files again', () => {
  it('changes nothing', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const draft = await client.createDraft('ws1', { resources: { 'a.yaml': 'a: 1\n' } })
    const again = await client.ok(
      'PUT',
      `/packagerevisions/${draft.name}/resources`,
      { resources: { 'a.yaml': 'a: 1\n' } },
      { 'If-Match': '*' },
    )
    expect(again).toEqual(draft)
  })
})
