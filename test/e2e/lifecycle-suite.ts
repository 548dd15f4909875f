/** The life of a package as users see it: one suite for every kind of artifact storage. */
import { describe, expect, it } from 'vitest'
import type { TestApp } from '../support/app.ts'

const YAML = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`

export function lifecycleSuite(kind: string, start: () => Promise<TestApp>): void {
  describe(`a server with artifacts in ${kind}`, () => {
    it('publishes 40 files as revision 1 after an edit, a proposal and an approval', async () => {
      const { client, address } = await start()
      await client.createRepository()
      const files = Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [`dir/file-${i}.yaml`, YAML(`c${i}`)]),
      )
      const draft = await client.createDraft('ws1', { resources: files })
      expect(draft).toMatchObject({
        name: 'blueprints.nf.upf.ws1',
        lifecycle: 'Draft',
        revision: 0,
        latest: false,
        fileCount: 40,
        task: 'resources',
        artifact: { reference: `${address}/blueprints/nf/upf:draft-ws1`, tags: ['draft-ws1'] },
      })

      const edited = await client.call(
        'PATCH',
        `/packagerevisions/${draft.name}/resources`,
        { resources: { 'dir/file-7.yaml': YAML('edited') } },
        { 'If-Match': `"${draft.resourceVersion}"` },
      )
      expect(edited.status).toBe(200)
      expect(edited.body.artifact.layerDigest).not.toBe(draft.artifact.layerDigest)
      expect(await client.resources(draft.name)).toEqual({ ...files, 'dir/file-7.yaml': YAML('edited') })

      expect(await client.verb(draft.name, 'propose')).toMatchObject({
        lifecycle: 'Proposed',
        proposedBy: 'anonymous',
      })
      const published = await client.verb(draft.name, 'approve')
      expect(published).toMatchObject({
        lifecycle: 'Published',
        revision: 1,
        latest: true,
        publishedBy: 'anonymous',
        artifact: { reference: `${address}/blueprints/nf/upf:v1`, tags: ['latest', 'v1', 'v1.0.0'] },
      })
      expect(await client.tags()).toEqual(['latest', 'v1', 'v1.0.0'])
      for (const tag of ['v1', 'v1.0.0', 'latest']) {
        expect(await client.resolve(tag), tag).toBe(published.artifact.digest)
      }
    })

    it('copies a revision, changes the copy and publishes it as the next one', async () => {
      const { client } = await start()
      await client.createRepository()
      const first = await client.publish('ws1', { resources: { 'a.yaml': YAML('a'), 'b.yaml': YAML('b') } })
      const copy = await client.createDraft('ws2', { copy: { from: first.name } })
      expect(copy).toMatchObject({ lifecycle: 'Draft', task: 'copy', fileCount: 2 })
      expect(copy.artifact.layerDigest).toBe(first.artifact.layerDigest)
      await client.ok(
        'PATCH',
        `/packagerevisions/${copy.name}/resources`,
        { resources: { 'b.yaml': null, 'c.yaml': YAML('c') } },
        { 'If-Match': `"${copy.resourceVersion}"` },
      )
      await client.verb(copy.name, 'propose')
      const second = await client.verb(copy.name, 'approve')
      expect(second).toMatchObject({ revision: 2, latest: true })
      expect(await client.resources(second.name)).toEqual({ 'a.yaml': YAML('a'), 'c.yaml': YAML('c') })
      expect(await client.get(first.name)).toMatchObject({
        latest: false,
        artifact: { tags: ['v1', 'v1.0.0'] },
      })
      expect(await client.resolve('latest')).toBe(second.artifact.digest)
      expect(await client.resolve('v1')).toBe(first.artifact.digest)
    })

    it('clones a revision into another repository, with the same layer', async () => {
      const { client } = await start()
      await client.createRepository()
      await client.createRepository('prod', 'deployment')
      const files = { 'a.yaml': YAML('a'), 'b.yaml': YAML('b') }
      const upstream = await client.publish('ws1', { resources: files })
      const target = { repository: 'prod', package: 'upf' }
      const clone = await client.publish('main', { clone: { upstream: upstream.name } }, target)
      expect(clone).toMatchObject({ revision: 1, task: 'clone', upstream: { name: upstream.name } })
      expect(clone.artifact.layerDigest).toBe(upstream.artifact.layerDigest)
      expect(await client.resources(clone.name)).toEqual(files)
      expect(await client.resolve('v1', 'prod/upf')).toBe(clone.artifact.digest)
    })

    it('gives identical content the same layer', async () => {
      const { client } = await start()
      await client.createRepository()
      const files = { resources: { 'b.yaml': YAML('b'), 'a/a.yaml': YAML('a') } }
      const first = await client.publish('ws1', files)
      const second = await client.publish('ws2', {
        resources: { 'a/a.yaml': YAML('a'), 'b.yaml': YAML('b') },
      })
      expect(second.artifact.layerDigest).toBe(first.artifact.layerDigest)
      expect(second.artifact.digest).not.toBe(first.artifact.digest)
    })

    it('hides a draft from clients that select by semver or latest', async () => {
      const { client } = await start()
      await client.createRepository()
      const { name } = await client.createDraft('v9.9.9'.replaceAll('.', '-'))
      expect(await client.tags()).toEqual(['draft-v9-9-9'])
      await client.verb(name, 'propose')
      expect(await client.tags()).toEqual(['draft-v9-9-9'])
      expect(await client.resolve('latest')).toBeUndefined()
    })

    it('returns a rejected proposal to Draft, where it can be edited', async () => {
      const { client } = await start()
      await client.createRepository()
      const { name } = await client.createDraft('ws1')
      await client.verb(name, 'propose')
      const refused = await client.call(
        'PUT',
        `/packagerevisions/${name}/resources`,
        { resources: {} },
        { 'If-Match': '*' },
      )
      expect(refused).toMatchObject({ status: 409, body: { code: 'wrong_lifecycle' } })
      const rejected = await client.verb(name, 'reject', { reason: 'more replicas, please' })
      expect(rejected).toMatchObject({ lifecycle: 'Draft', proposedBy: null, proposedAt: null })
      expect(rejected.conditions).toContainEqual({
        type: 'Approved',
        status: 'False',
        reason: 'Rejected',
        message: 'rejected by anonymous: more replicas, please',
      })
      await client.ok(
        'PUT',
        `/packagerevisions/${name}/resources`,
        { resources: { 'a.yaml': YAML('a') } },
        { 'If-Match': '*' },
      )
      expect(await client.resources(name)).toEqual({ 'a.yaml': YAML('a') })
    })

    it('refuses every change of published content, and says what to do', async () => {
      const { client } = await start()
      await client.createRepository()
      const { name, artifact } = await client.publish('ws1')
      const any = { 'If-Match': '*' }
      const attempts = [
        await client.call('PUT', `/packagerevisions/${name}/resources`, { resources: {} }, any),
        await client.call('PATCH', `/packagerevisions/${name}/resources`, { resources: { a: 'b' } }, any),
        await client.call('PATCH', `/packagerevisions/${name}`, { labels: { a: 'b' } }, any),
        await client.call('DELETE', `/packagerevisions/${name}`, undefined, any),
      ]
      for (const { status, body } of attempts) {
        expect(status).toBe(409)
        expect(body).toMatchObject({
          code: 'wrong_lifecycle',
          detail: expect.stringMatching(/is Published.*propose-deletion/),
        })
      }
      expect(attempts[0]?.body.detail).toContain('{"copy": {"from":')
      expect((await client.get(name)).artifact).toEqual(artifact)
    })

    it('deletes in two steps, and never reuses the number', async () => {
      const { client } = await start()
      await client.createRepository()
      const first = await client.publish('ws1')
      const second = await client.publish('ws2')

      const proposed = await client.verb(second.name, 'propose-deletion', { reason: 'broken' })
      expect(proposed).toMatchObject({ lifecycle: 'DeletionProposed', latest: true })
      expect(proposed.artifact).toEqual(second.artifact)
      expect(await client.tags()).toContain('deletion-proposed-v2')
      expect(await client.resolve('latest')).toBe(second.artifact.digest)

      expect(await client.verb(second.name, 'reject')).toMatchObject({
        lifecycle: 'Published',
        conditions: second.conditions,
      })
      // The time of the decision is recorded beside the manifest.
      const rejected = '_deletion-rejected-v2'
      // Without the referrers API, a tag lists the referrers.
      const tags = (await client.tags()).filter((tag) => !tag.startsWith('sha256-'))
      expect(tags).toEqual([rejected, 'latest', 'v1', 'v1.0.0', 'v2', 'v2.0.0'])

      await client.verb(second.name, 'propose-deletion')
      await client.verb(second.name, 'approve')
      expect((await client.call('GET', `/packagerevisions/${second.name}`)).status).toBe(404)
      expect(await client.tags()).toEqual(['_package', 'latest', 'v1', 'v1.0.0'])
      expect(await client.resolve('latest')).toBe(first.artifact.digest)
      expect(await client.resolve(second.artifact.digest)).toBeUndefined()
      expect(await client.get(first.name)).toMatchObject({ latest: true })

      expect(await client.publish('ws3')).toMatchObject({ revision: 3 })
      const again = await client.call('POST', '/packagerevisions', {
        repository: 'blueprints',
        package: 'nf/upf',
        workspace: 'ws2',
        source: { init: {} },
      })
      expect(again).toMatchObject({ status: 409, body: { code: 'already_exists' } })
    })

    it('removes `latest` with the last published revision', async () => {
      const { client } = await start()
      await client.createRepository()
      const { name } = await client.publish('ws1')
      await client.verb(name, 'propose-deletion')
      const answer = await client.call('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
      expect(answer.status).toBe(204)
      expect(await client.tags()).toEqual(['_package'])
      expect(await client.publish('ws2')).toMatchObject({
        revision: 2,
        artifact: { tags: ['latest', 'v2', 'v2.0.0'] },
      })
    })

    it('deletes a draft together with its tag', async () => {
      const { client } = await start()
      await client.createRepository()
      const { name, artifact } = await client.createDraft('ws1')
      expect(
        (await client.call('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })).status,
      ).toBe(204)
      expect(await client.tags()).toEqual(['_package'])
      expect(await client.resolve(artifact.digest)).toBeUndefined()
    })

    it('tags declared versions, and moves the buildless tag to the highest build', async () => {
      const { client } = await start()
      await client.createRepository()
      const two = await client.publish('ws1', undefined, { version: '1.17.0+2' })
      expect(two.artifact.tags).toEqual(['latest', 'v1', 'v1.17.0', 'v1.17.0_2'])
      const ten = await client.publish('ws2', undefined, { version: '1.17.0+10' })
      const nine = await client.publish('ws3', undefined, { version: '1.17.0+9' })
      expect(nine.artifact.tags).toEqual(['latest', 'v1.17.0_9', 'v3'])
      expect(await client.resolve('v1.17.0')).toBe(ten.artifact.digest)
      expect(await client.tags()).toEqual([
        'latest',
        'v1',
        'v1.17.0',
        'v1.17.0_10',
        'v1.17.0_2',
        'v1.17.0_9',
        'v2',
        'v3',
      ])

      await client.verb(ten.name, 'propose-deletion')
      await client.verb(ten.name, 'approve')
      expect(await client.resolve('v1.17.0')).toBe(nine.artifact.digest)
      expect((await client.get(nine.name)).artifact.tags).toEqual(['latest', 'v1.17.0', 'v1.17.0_9', 'v3'])
    })
  })
}
