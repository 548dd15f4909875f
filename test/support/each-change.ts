/** Every change of a package, and the rules that must hold if something fails in the middle of it. */
import { expect } from 'vitest'
import { finishAll } from '../../src/service/intents.ts'
import type { TestApp } from './app.ts'
import type { Client } from './client.ts'

/** Makes operations fail. */
export type Saboteur = {
  /** Makes all operations fail after this many have succeeded. */
  begin: (after: number) => void
  /** Lets all operations succeed again. Returns how many have failed. */
  end: () => number
}

type Change = {
  verb: string
  call: (client: Client, name: string) => ReturnType<Client['call']>
  /** The resulting lifecycle, or undefined if nothing is left. */
  lifecycle: string | undefined
  tags: string[]
}

const MATCH = { 'If-Match': '*' }
const PUBLISHED = ['latest', 'v1', 'v1.0.0']
const revision = (name: string) => `/packagerevisions/blueprints.${name}.ws1`

const CHANGES: readonly Change[] = [
  {
    verb: 'create',
    call: (client, name) =>
      client.call('POST', '/packagerevisions', {
        repository: 'blueprints',
        package: name,
        workspace: 'ws1',
        source: { init: {} },
      }),
    lifecycle: 'Draft',
    tags: ['draft-ws1'],
  },
  {
    verb: 'save',
    call: (client, name) =>
      client.call('PUT', `${revision(name)}/resources`, { resources: { 'a.txt': name } }, MATCH),
    lifecycle: 'Draft',
    tags: ['draft-ws1'],
  },
  {
    verb: 'propose',
    call: (client, name) => client.call('POST', `${revision(name)}/propose`),
    lifecycle: 'Proposed',
    tags: ['draft-ws1'],
  },
  {
    verb: 'approve',
    call: (client, name) => client.call('POST', `${revision(name)}/approve`),
    lifecycle: 'Published',
    tags: PUBLISHED,
  },
  {
    verb: 'propose its deletion',
    call: (client, name) => client.call('POST', `${revision(name)}/propose-deletion`),
    lifecycle: 'DeletionProposed',
    tags: ['deletion-proposed-v1', ...PUBLISHED],
  },
  {
    verb: 'delete',
    call: (client, name) => client.call('DELETE', revision(name), undefined, MATCH),
    lifecycle: undefined,
    tags: ['_package'],
  },
]

/**
 * Repeats each change, failing it one operation later each time. A change that is refused must have changed nothing and
 * be repeatable; one that is acknowledged, or reported as saved, must be done, with its tags. Returns the number of
 * failed changes. The repository `blueprints` must exist.
 */
export async function failEachChange(
  { client, parts }: TestApp,
  saboteur: Saboteur,
  refusal: { status: number; code: string },
): Promise<number> {
  let failures = 0
  let packages = 0
  for (const [at, change] of CHANGES.entries()) {
    for (let after = 0, struck = 1; struck > 0; after++) {
      const name = `p${packages++}`
      for (const { call } of CHANGES.slice(0, at)) expect((await call(client, name)).status).toBeLessThan(300)
      const before = await stateOf(client, name)
      saboteur.begin(after)
      const answer = await change.call(client, name)
      struck = saboteur.end()
      const where = `${change.verb}, operation ${after + 1}: ${answer.text}`
      if (answer.status >= 300) {
        expect(answer, where).toMatchObject({ status: refusal.status, body: { code: refusal.code } })
        if (!answer.body.detail.startsWith('The change is saved')) {
          expect(await stateOf(client, name), where).toEqual(before)
          expect((await change.call(client, name)).status, where).toBeLessThan(300)
        }
        failures++
      }
      await finishAll(parts.ctx)
      const { lifecycle } = change
      expect(await stateOf(client, name), where).toEqual(lifecycle && expect.objectContaining({ lifecycle }))
      expect(await tagsOf(parts.ctx.registry, name), where).toEqual(change.tags)
    }
  }
  return failures
}

async function stateOf(client: Client, name: string): Promise<unknown> {
  const { status, body } = await client.call('GET', revision(name))
  return status === 404 ? undefined : body
}

async function tagsOf(registry: TestApp['parts']['ctx']['registry'], name: string): Promise<string[]> {
  return (await Array.fromAsync(registry.repository(`blueprints/${name}`).tags())).sort()
}
