/** Bad input gets a clear answer, never a 500, and changes nothing. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { folderServer, memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { tarGz } from '../support/tar.ts'

const NAME = 'blueprints.nf.upf.ws1'
const ANY = { 'If-Match': '*' }
const GZIP = { 'Content-Type': 'application/gzip' }
const VALID = { repository: 'blueprints', package: 'nf/upf', workspace: 'ws2', source: { init: {} } }

let client: Client

beforeEach(async () => {
  client = (await memoryApp()).client
  await client.createRepository()
  await client.createDraft('ws1', { resources: { 'a.yaml': 'a: 1\n' } })
})

async function refuses(
  [method, path, body, headers]: [string, string, unknown?, Record<string, string>?],
  status: number,
  code: string,
  detail: RegExp = /./,
): Promise<void> {
  const before = await client.ok('GET', '/packagerevisions')
  const answer = await client.call(method, path, body, headers)
  expect(answer.status, answer.text).toBe(status)
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  expect(answer.body).toMatchObject({
    type: `urn:pkgserver:problem:${code}`,
    title: expect.any(String),
    status,
    code,
    detail: expect.stringMatching(detail),
  })
  expect(answer.text).not.toMatch(/\n\s+at |node_modules|src\//)
  expect(await client.ok('GET', '/packagerevisions')).toEqual(before)
}

it.each(['TRACE', 'QUERY', 'PROPFIND'])(
  'a method that no route has is refused, with or without a body: %s',
  async (method) => {
    const { url } = await folderServer()
    for (const body of ['', '{"dryRun": true}']) {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length }
      const sent = request(new URL('/api/v1/garbage-collections', url), { method, headers })
      sent.end(body)
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      answer.resume()
      expect(answer.statusCode).toBe(405)
    }
  },
)

describe('a request body', () => {
  it.each(['{', '', 'null', '[]', '"text"', '{"repository": }'])(
    'is refused unless it is a JSON object: %j',
    async (text) => {
      await refuses(
        ['POST', '/packagerevisions', text, { 'Content-Type': 'application/json' }],
        400,
        'invalid',
      )
      await refuses(['POST', '/repositories', text, { 'Content-Type': 'application/json' }], 400, 'invalid')
      await refuses(
        ['PATCH', `/packagerevisions/${NAME}`, text, { 'Content-Type': 'application/json', ...ANY }],
        400,
        'invalid',
      )
    },
  )

  it.each(['text/plain', 'application/xml', 'application/x-tar', 'multipart/form-data', 'application/jsonx'])(
    'is refused with the wrong Content-Type: %s',
    async (type) => {
      const headers = { 'Content-Type': type }
      for (const [method, path] of [
        ['POST', '/repositories'],
        ['POST', '/packagerevisions'],
        ['PUT', `/packagerevisions/${NAME}/resources`],
        ['PATCH', `/packagerevisions/${NAME}/resources`],
        ['PATCH', `/packagerevisions/${NAME}`],
        ['POST', `/packagerevisions/${NAME}/propose`],
      ] as const) {
        await refuses([method, path, '{}', { ...headers, ...ANY }], 415, 'unsupported_media_type')
      }
    },
  )

  it('is refused without a Content-Type', async () => {
    const bytes = new TextEncoder().encode('{}')
    await refuses(['POST', '/packagerevisions', bytes], 415, 'unsupported_media_type')
    await refuses(['PUT', `/packagerevisions/${NAME}/resources`, bytes, ANY], 415, 'unsupported_media_type')
  })

  it('is refused with what the call takes, if its type is another', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded', ...ANY }
    const json = /takes application\/json: .*curl -H 'Content-Type: application\/json'/
    await refuses(['POST', '/repositories', '{}', form], 415, 'unsupported_media_type', json)
    const patch = /takes application\/json or application\/merge-patch\+json/
    await refuses(['PATCH', `/packagerevisions/${NAME}`, '{}', form], 415, 'unsupported_media_type', patch)
    const files = /takes application\/json or application\/gzip/
    const resources = `/packagerevisions/${NAME}/resources`
    for (const type of ['application/octet-stream', 'application/x-tar'])
      await refuses(
        ['PUT', resources, '{}', { ...ANY, 'Content-Type': type }],
        415,
        'unsupported_media_type',
        files,
      )
  })

  it('is refused over 1 MiB, unless files may come in it', async () => {
    const json = { 'Content-Type': 'application/json', ...ANY }
    const large = JSON.stringify({ name: 'x'.repeat(1024 * 1024), type: 'catalog' })
    for (const [method, path] of [
      ['POST', '/repositories'],
      ['POST', '/webhooks'],
      ['POST', '/upgrades'],
      ['PATCH', `/packagerevisions/${NAME}`],
      ['POST', `/packagerevisions/${NAME}/reject`],
    ] as const)
      await refuses([method, path, large, json], 413, 'too_large', /more than 1048576 bytes/)
    const resources = { 'a.txt': 'x'.repeat(2 * 1024 * 1024) }
    await client.ok('PUT', `/packagerevisions/${NAME}/resources`, { resources }, ANY)
  })

  it.each(['{}', '""', '[[', '{"a":0}', '1'])('is refused with very many small values: %s', async (value) => {
    const json = { 'Content-Type': 'application/json', ...ANY }
    const many = `[${Array(200_000).fill(value).join()}]`
    for (const [method, path] of [
      ['POST', '/packagerevisions'],
      ['POST', '/clones'],
      ['PUT', `/packagerevisions/${NAME}/resources`],
      ['POST', `/packagerevisions/${NAME}/conflicts/1/resolve`],
    ] as const)
      await refuses([method, path, `{"labels": ${many}}`, json], 413, 'too_large', /more than 100000 values/)
  })

  it('gets the first of very many faults', async () => {
    const json = { 'Content-Type': 'application/json', ...ANY }
    const entries = (value: string) =>
      Array.from({ length: 49_000 }, (_, at) => `"a b${at}": ${value}`).join()
    for (const value of ['"x y"', '1', 'null', '{}']) {
      const labels = `{"labels": {${entries(value)}}}`
      await refuses([`PATCH`, `/packagerevisions/${NAME}`, labels, json], 400, 'invalid')
      await refuses([`POST`, '/packagerevisions', labels, json], 400, 'invalid')
      const resources = `{"resources": {${entries(value === '"x y"' ? '2' : value)}}}`
      await refuses([`PUT`, `/packagerevisions/${NAME}/resources`, resources, json], 400, 'invalid')
    }
    const targets = Array.from({ length: 15_000 }, () => '{"package": "A B", "x": 1}').join()
    await refuses(['POST', '/clones', `{"targets": [${targets}]}`, json], 400, 'invalid')
    const numbers = Array(99_000).fill(1).join()
    await refuses(['POST', '/clones', `{"targets": [${numbers}]}`, json], 400, 'invalid')
  })

  it('is refused if it is not UTF-8', async () => {
    const json = { 'Content-Type': 'application/json', ...ANY }
    const bytes = Buffer.from('{"resources": {"a": "x\xff\xfe"}}', 'latin1')
    for (const method of ['PUT', 'PATCH'])
      await refuses([method, `/packagerevisions/${NAME}/resources`, bytes, json], 400, 'invalid', /not UTF-8/)
  })

  it('is required', async () => {
    await refuses(['POST', '/packagerevisions'], 400, 'invalid', /body is missing/)
    await refuses(['POST', '/repositories'], 400, 'invalid')
    await refuses(
      ['PUT', `/packagerevisions/${NAME}/resources`, undefined, ANY],
      400,
      'invalid',
      /body is missing/,
    )
  })

  it('is refused with unknown fields or fields of the wrong type', async () => {
    for (const [body, field] of [
      [{ ...VALID, colour: 'red' }, /body: .*"colour"/],
      [{ ...VALID, workspace: 7 }, /body\.workspace/],
      [{ ...VALID, labels: { a: 1 } }, /body\.labels\.a/],
      [{ ...VALID, labels: { 'a b': 'x' } }, /body\.labels\.a b: the key must be/],
      [{ ...VALID, labels: { a: 'x y' } }, /body\.labels\.a: the value must be/],
      [{ ...VALID, labels: JSON.parse('{"__proto__": "x"}') }, /body\.labels\.__proto__: the key must be/],
      [{ ...VALID, readinessGates: [{ type: 'x' }] }, /body\.readinessGates\.0/],
      [{ ...VALID, version: '1.0' }, /body\.version: must be a semantic version/],
      [{ ...VALID, source: undefined }, /body\.source/],
      [{ ...VALID, source: {} }, /body\.source: must have exactly one of/],
      [{ ...VALID, source: { init: {}, copy: { from: NAME } } }, /exactly one of/],
      [{ ...VALID, source: { init: { colour: 'red' } } }, /"colour"/],
      [{ ...VALID, source: { git: {} } }, /"git"/],
      [{ ...VALID, source: { resources: [] } }, /must be an object/],
      [{ ...VALID, source: { resources: { a: 1 } } }, /body\.source\.resources\.a/],
      [{ ...VALID, source: { resources: { a: null } } }, /body\.source\.resources\.a/],
      [{ ...VALID, source: { resources: { a: { base64: 'not base64!' } } } }, /valid base64/],
      [{ ...VALID, source: { resources: { a: { base64: 'eA==', more: 1 } } } }, /valid base64/],
      [{ ...VALID, source: { resources: { a: '\ud800' } } }, /lone surrogates/],
      [
        { ...VALID, source: { init: { description: '\ud800' } } },
        /description: must not have lone surrogates/,
      ],
      [{ ...VALID, annotations: { a: '\udfff' } }, /annotations.a: must not have lone surrogates/],
    ] as const) {
      await refuses(['POST', '/packagerevisions', body], 400, 'invalid', field)
    }
    await refuses(
      ['PATCH', `/packagerevisions/${NAME}`, { lifecycle: 'Published' }, ANY],
      400,
      'invalid',
      /"lifecycle"/,
    )
    await refuses(['PUT', `/packagerevisions/${NAME}/resources`, { files: {} }, ANY], 400, 'invalid')
    await refuses(['POST', `/packagerevisions/${NAME}/propose`, { why: 'x' }], 400, 'invalid', /"why"/)
    await refuses(
      ['POST', `/packagerevisions/${NAME}/propose`, { digest: 'abc' }],
      400,
      'invalid',
      /digest like/,
    )
  })
})

describe('a name', () => {
  it.each([
    ['repository', 'Blueprints'],
    ['repository', 'x'.repeat(64)],
    ['package', ''],
    ['package', 'a//b'],
    ['package', '../b'],
    ['package', `a/${'x'.repeat(64)}`],
    ['workspace', 'a.b'],
    ['workspace', '-'],
    ['workspace', 'x'.repeat(64)],
  ])('is refused if it breaks the grammar: %s %j', async (field, value) => {
    await refuses(
      ['POST', '/packagerevisions', { ...VALID, [field]: value }],
      400,
      'invalid',
      new RegExp(`body\\.${field}: must be`),
    )
    const query = new URLSearchParams({
      repository: 'blueprints',
      package: 'x',
      workspace: 'y',
      [field]: value,
    })
    await refuses(['POST', `/packagerevisions?${query}`, tarGz([]), GZIP], 400, 'invalid')
  })

  it('is refused if it breaks the grammar in a path or a filter', async () => {
    await refuses(['GET', '/repositories/Bad_Name'], 400, 'invalid', /must be 1 to 63/)
    await refuses(['DELETE', '/repositories/Bad_Name', undefined, ANY], 400, 'invalid', /must be 1 to 63/)
    await refuses(
      ['GET', '/packagerevisions?upstream=Bad_Name'],
      400,
      'invalid',
      /not the name of a package revision/,
    )
  })

  it('is refused if it is too long as a whole', async () => {
    const path = Array(4).fill('x'.repeat(60)).join('/')
    await refuses(['POST', '/packagerevisions', { ...VALID, package: path }], 400, 'invalid', /at most 253/)
  })

  it('is answered with 404 if nothing has it, and with 400 if nothing can', async () => {
    for (const [method, path, body] of [
      ['GET', ''],
      ['PATCH', '', {}],
      ['DELETE', ''],
      ['GET', '/resources'],
      ['GET', '/resources/a.yaml'],
      ['PUT', '/resources', { resources: {} }],
      ['PATCH', '/resources', { resources: {} }],
      ['POST', '/propose'],
      ['POST', '/approve'],
      ['POST', '/reject'],
      ['POST', '/propose-deletion'],
    ] as const) {
      await refuses([method, `/packagerevisions/blueprints.nf.upf.none${path}`, body, ANY], 404, 'not_found')
      await refuses([method, `/packagerevisions/nonsense${path}`, body, ANY], 400, 'invalid', /not the name/)
    }
    await refuses(
      ['POST', '/packagerevisions', { ...VALID, repository: 'none' }],
      404,
      'not_found',
      /repository none/,
    )
    await refuses(['GET', '/repositories/none'], 404, 'not_found')
    await refuses(
      ['GET', `/packagerevisions/${NAME}/resources/none.yaml`],
      404,
      'not_found',
      /no file "none.yaml"/,
    )
    await refuses(['GET', `/packagerevisions/${NAME}/resources/..%2f..%2fetc%2fpasswd`], 404, 'not_found')
    await refuses(
      ['POST', '/packagerevisions', { ...VALID, source: { copy: { from: 'blueprints.nf.upf.none' } } }],
      404,
      'not_found',
    )
    await refuses(['GET', '/nonsense'], 404, 'not_found', /docs/)
  })

  it('is refused if it is taken', async () => {
    await refuses(
      ['POST', '/packagerevisions', { ...VALID, workspace: 'ws1' }],
      409,
      'already_exists',
      /another workspace/,
    )
  })
})

describe('a query', () => {
  it.each([
    'limit=0',
    'limit=-1',
    'limit=1001',
    'limit=ten',
    'limit=1.5',
    'limit=',
    'limit=1&limit=2',
    'colour=red',
    'latest=yes',
    'revision=-1',
    'revision=x',
    'lifecycle=published',
    'sort=colour',
    'version=x',
    'labelSelector=a b',
    'repository=A',
    'continue=tampered',
    'package=a//b',
  ])('is refused if a parameter is invalid: %s', async (query) => {
    await refuses(['GET', `/packagerevisions?${query}`], 400, 'invalid')
  })

  it('is refused by every operation if a parameter is unknown', async () => {
    for (const call of [
      ['GET', `/packagerevisions/${NAME}?x=1`],
      ['GET', `/packagerevisions/${NAME}/resources?x=1`],
      ['GET', `/packagerevisions/${NAME}/resources/a.yaml?x=1`],
      ['POST', `/packagerevisions/${NAME}/propose?x=1`],
      ['DELETE', `/packagerevisions/${NAME}?x=1`, undefined, ANY],
      ['GET', '/repositories?x=1'],
      ['GET', '/repositories/blueprints?x=1'],
      ['GET', '/packages?x=1'],
      ['POST', '/repositories?x=1', { name: 'x', type: 'catalog' }],
    ] as [string, string, unknown?, Record<string, string>?][]) {
      await refuses(call, 400, 'invalid', /"x"/)
    }
    await refuses(['POST', '/packagerevisions?workspace=ws2', VALID], 400, 'invalid', /query is for a tar.gz/)
    await refuses(
      ['POST', '/packagerevisions?workspace=ws2', tarGz([]), GZIP],
      400,
      'invalid',
      /needs repository, package and workspace/,
    )
  })
})

describe('a method', () => {
  it('is refused with 405 where it is not supported', async () => {
    for (const [method, path, allow] of [
      ['PUT', '/repositories', 'POST, GET, HEAD'],
      ['DELETE', '/packagerevisions', 'POST, GET, HEAD'],
      ['POST', `/packagerevisions/${NAME}`, 'GET, PATCH, DELETE, HEAD'],
      ['GET', `/packagerevisions/${NAME}/approve`, 'POST'],
      ['PUT', `/packagerevisions/${NAME}/resources/a.yaml`, 'GET, HEAD'],
    ] as const) {
      await refuses([method, path], 405, 'method_not_allowed')
      expect((await client.call(method, path)).headers.get('Allow')).toBe(allow)
    }
  })

  it('is refused with 404 on a path that only ends like one of the API', async () => {
    await refuses(['PUT', '/x/repositories'], 404, 'not_found')
  })
})

describe('a condition', () => {
  it('is required for updates and deletions', async () => {
    for (const [method, path, body] of [
      ['PUT', '/resources', { resources: {} }],
      ['PATCH', '/resources', { resources: {} }],
      ['PATCH', '', {}],
      ['DELETE', ''],
    ] as const) {
      await refuses(
        [method, `/packagerevisions/${NAME}${path}`, body],
        428,
        'precondition_required',
        /Send If-Match/,
      )
    }
    await refuses(['PATCH', '/repositories/blueprints', {}], 428, 'precondition_required')
    await refuses(['DELETE', '/repositories/blueprints'], 428, 'precondition_required')
  })

  it.each(['42', 'W/42', '"42', '"1" "2"', ',', ''])('is refused if it is malformed: %j', async (header) => {
    await refuses(
      ['DELETE', `/packagerevisions/${NAME}`, undefined, { 'If-Match': header }],
      400,
      'invalid',
      /in quotes/,
    )
    await refuses(
      ['POST', `/packagerevisions/${NAME}/propose`, undefined, { 'If-Match': header }],
      400,
      'invalid',
      /in quotes/,
    )
    await refuses(
      ['GET', `/packagerevisions/${NAME}`, undefined, { 'If-None-Match': header }],
      400,
      'invalid',
      /in quotes/,
    )
  })

  it('never holds if it is weak', async () => {
    const { resourceVersion } = await client.get(NAME)
    await refuses(
      ['DELETE', `/packagerevisions/${NAME}`, undefined, { 'If-Match': `W/"${resourceVersion}"` }],
      412,
      'precondition_failed',
    )
  })
})

describe('a set of files', () => {
  it.each(['../a', '/a', 'a\\b', 'a//b', 'a/./b', '', '.wh.a', 'a\nb', 'a../b'])(
    'is refused with the path %j',
    async (path) => {
      const file = { [path]: 'x' }
      await refuses(
        ['POST', '/packagerevisions', { ...VALID, source: { resources: file } }],
        400,
        'invalid',
        /file "/,
      )
      await refuses(['PUT', `/packagerevisions/${NAME}/resources`, { resources: file }, ANY], 400, 'invalid')
      await refuses(
        ['PATCH', `/packagerevisions/${NAME}/resources`, { resources: file }, ANY],
        400,
        'invalid',
      )
    },
  )

  it('is refused if a file is also a directory', async () => {
    await refuses(
      ['PATCH', `/packagerevisions/${NAME}/resources`, { resources: { 'a.yaml/b': '' } }, ANY],
      400,
      'invalid',
      /both a file and a directory/,
    )
  })

  it('is refused with too many files or bytes', async () => {
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`f${i}`, '']))
    await refuses(
      ['POST', '/packagerevisions', { ...VALID, source: { resources: many } }],
      413,
      'too_large',
      /10000 files/,
    )
    const large = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, 'x'.repeat(1024 * 1024)]))
    await refuses(
      ['PUT', `/packagerevisions/${NAME}/resources`, { resources: large }, ANY],
      413,
      'too_large',
      /67108864 bytes/,
    )
    const body = new Uint8Array(128 * 1024 * 1024 + 1)
    await refuses(
      ['PUT', `/packagerevisions/${NAME}/resources`, body, { ...ANY, 'Content-Type': 'application/json' }],
      413,
      'too_large',
    )
    const unannounced = ReadableStream.from(
      (function* () {
        for (let sent = 0; sent <= 128; sent++) yield new Uint8Array(1024 * 1024)
      })(),
    )
    const response = await client.send(`/api/v1/packagerevisions/${NAME}/resources`, {
      method: 'PUT',
      body: unannounced,
      duplex: 'half',
      headers: { ...ANY, 'Content-Type': 'application/json' },
    } as RequestInit)
    expect(response.status).toBe(413)
  })
})

describe('an archive', () => {
  const create = '/packagerevisions?repository=blueprints&package=nf/upf&workspace=ws2'

  it.each([
    ['a path that escapes', tarGz([{ name: '../a' }]), '../a'],
    ['a link', tarGz([{ name: 'l', type: '2', link: '/etc/passwd' }]), 'l'],
    ['a device', tarGz([{ name: 'd', type: '3' }]), 'd'],
    ['a name twice', tarGz([{ name: 'a' }, { name: 'a' }]), 'a'],
    ['a whiteout', tarGz([{ name: 'x/.wh.y' }]), 'x/.wh.y'],
  ])('is refused with %s', async (_, archive, entry) => {
    for (const call of [
      ['POST', create, archive, GZIP],
      ['PUT', `/packagerevisions/${NAME}/resources`, archive, { ...GZIP, ...ANY }],
    ] as [string, string, Uint8Array, Record<string, string>][]) {
      await refuses(call, 422, 'invalid_archive', new RegExp(`"${entry}"`))
      expect((await client.call(...call)).body.errors).toMatchObject([{ path: entry }])
    }
  })

  it('is refused if it is truncated or not an archive', async () => {
    const whole = tarGz([{ name: 'a', content: 'x'.repeat(5000) }])
    for (const bytes of [
      Buffer.from('hello'),
      gzipSync('hello'),
      whole.subarray(0, whole.length - 9),
      new Uint8Array(0),
    ]) {
      await refuses(['POST', create, bytes, GZIP], 422, 'invalid_archive')
    }
  })

  it('is refused if it is a decompression bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
    await refuses(['POST', create, bomb, GZIP], 413, 'too_large', /67108864 bytes/)
  })
})
