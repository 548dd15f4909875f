import type { RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/domain/resources.ts'
import { Connections } from '../../../src/oci/remote/connections.ts'
import type { ForeignTree } from '../../../src/service/glasskube-source/foreign-tree.ts'
import { PARSERS_IN_THIS_THREAD } from '../../../src/service/glasskube-source/tree-parsers.ts'
import { webTree } from '../../../src/service/glasskube-source/web-tree.ts'
import { manifest } from '../../support/glasskube.ts'
import { indexFile, packageFiles, serveFolder, writeTree } from '../../support/glasskube-tree.ts'
import { listening } from '../../support/listening.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const FAST = { timeouts: { response: 200, idle: 200, document: 200 }, retry: { attempts: 2, firstDelay: 1 } }

function at(url: URL): ForeignTree {
  return webTree(url, { connections: new Connections(), parsers: PARSERS_IN_THIS_THREAD, ...FAST })
}

/** A tree on a server that answers every request in one way. */
async function answering(listener: RequestListener): Promise<ForeignTree> {
  return at(await listening(listener))
}

describe('a tree on a web server', () => {
  it('is read with "+" as it is, and from the package.yaml of each version', async () => {
    const folder = await temporaryFolder()
    const manifests = ['./a.yaml', 'crds/b.yaml', 'gone.yaml', '../c.yaml', 'https://example.com/d.yaml']
    const own = {
      'package.yaml': manifest('app', { manifests: manifests.map((url) => ({ url })) }),
      'a.yaml': 'a: 1\n',
      'crds/b.yaml': 'b: 1\n',
      'unknown.txt': 'x',
    }
    await writeTree(folder, {
      ...indexFile({ app: 'v1.0.0+2' }),
      ...packageFiles('app', { 'v1.0.0+2': own }),
    })
    const { url, requests } = await serveFolder(folder)
    const tree = at(new URL(url.href.replace(/\/$/, '')))
    expect(await tree.packages()).toEqual({
      packages: [{ name: 'app', latestVersion: 'v1.0.0+2' }],
      notes: [],
    })
    expect(await tree.versions('app')).toEqual({
      latestVersion: 'v1.0.0+2',
      folders: ['v1.0.0+2'],
      notes: [],
    })
    const files = await tree.files('app', 'v1.0.0+2', DEFAULT_LIMITS)
    expect([...(files?.resources.keys() ?? [])]).toEqual(['package.yaml', 'a.yaml', 'crds/b.yaml'])
    expect(files?.notes.map(({ note }) => note)).toEqual([
      'its manifest gone.yaml is missing',
      'its manifest ../c.yaml is outside of the version, and left out',
    ])
    expect(requests).toEqual([
      '/packages/index.yaml',
      '/packages/app/versions.yaml',
      '/packages/app/v1.0.0+2/package.yaml',
      '/packages/app/v1.0.0+2/a.yaml',
      '/packages/app/v1.0.0+2/crds/b.yaml',
      '/packages/app/v1.0.0+2/gone.yaml',
    ])
    expect(await tree.files('app', 'v9.0.0', DEFAULT_LIMITS)).toBeUndefined()
    await expect(tree.versions('other')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('refuses a page instead of a file', async () => {
    const tree = await answering((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<html>')
    })
    await expect(tree.packages()).rejects.toThrow('has the type text/html, so it is no file of a repository')
    await expect(tree.files('app', 'v1.0.0', DEFAULT_LIMITS)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('refuses compressed files that it has not asked for, instead of taking them as they are', async () => {
    const tree = await answering((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(manifest('app')))
    })
    await expect(tree.files('app', 'v1.0.0', DEFAULT_LIMITS)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('has the encoding gzip, unasked'),
    })
  })

  it('accepts a file without a type', async () => {
    const tree = await answering((_, response) => response.end('{"packages": []}'))
    expect(await tree.packages()).toEqual({ packages: [], notes: [] })
  })

  it('follows few redirects, and none to addresses inside', async () => {
    const endless = await answering((_, response) => {
      response.writeHead(302, { Location: '/again' }).end()
    })
    await expect(endless.packages()).rejects.toThrow('stopped after 5 redirects')
    const inside = await answering((_, response) => {
      response.writeHead(302, { Location: 'http://169.254.169.254/latest' }).end()
    })
    await expect(inside.packages()).rejects.toThrow('refused an unsafe redirect')
  })

  it('gives up on a server that is silent, slow or failing', async () => {
    const silent = await answering(() => undefined)
    await expect(silent.packages()).rejects.toMatchObject({ code: 'unavailable' })
    const slow = await answering((_, response) => {
      const timer = setInterval(() => response.write('#'), 50)
      response.once('close', () => clearInterval(timer))
    })
    await expect(slow.packages()).rejects.toMatchObject({ code: 'unavailable' })
    const failing = await answering((_, response) => {
      response.writeHead(500).end()
    })
    await expect(failing.packages()).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('stops reading a file that is too large', async () => {
    const endless = await answering((_, response) => {
      const send = (): void => {
        while (response.write('#'.repeat(64 * 1024)));
        response.once('drain', send)
      }
      send()
    })
    await expect(endless.packages()).rejects.toThrow('has more than 4194304 bytes')
    const limits = { ...DEFAULT_LIMITS, maxBytes: 1000 }
    await expect(endless.files('app', 'v1.0.0', limits)).rejects.toMatchObject({ code: 'too_large' })
  })

  it('refuses files that are too large together', async () => {
    const folder = await temporaryFolder()
    const manifests = [{ url: 'a.yaml' }, { url: 'b.yaml' }]
    const large = { 'a.yaml': '#'.repeat(600), 'b.yaml': '#'.repeat(600) }
    await writeTree(
      folder,
      packageFiles('app', { 'v1.0.0': { 'package.yaml': manifest('app', { manifests }), ...large } }),
    )
    const tree = at((await serveFolder(folder)).url)
    const limits = { ...DEFAULT_LIMITS, maxBytes: 1000 }
    await expect(tree.files('app', 'v1.0.0', limits)).rejects.toMatchObject({ code: 'too_large' })
  })
})
