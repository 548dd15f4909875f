import { expect, it } from 'vitest'
import { phrase } from '../../../src/api/rest/remedies.ts'
import type { Remedy } from '../../../src/core/remedy.ts'
import { memoryApp } from '../../support/app.ts'

/** One of each kind: the type demands that none is left out. */
const REMEDIES: { [Do in Remedy['do']]: Extract<Remedy, { do: Do }>[] } = {
  create_repository: [{ do: 'create_repository' }],
  list_revisions: [{ do: 'list_revisions', repository: 'prod' }],
  sync_repository: [{ do: 'sync_repository', repository: 'prod' }],
  clone_package: [{ do: 'clone_package', upstream: 'a.b.c' }],
  continue_package: [{ do: 'continue_package', latest: 'a.b.c' }],
  copy_revision: [{ do: 'copy_revision', revision: 'a.b.c' }],
  transition: (['propose', 'reject', 'propose-deletion'] as const).map((verb) => {
    return { do: 'transition', revision: 'a.b.c', verb }
  }),
  set_version: [{ do: 'set_version', revision: 'a.b.c' }],
  remove_version: [{ do: 'remove_version', revision: 'a.b.c' }],
  resolve_conflicts: [{ do: 'resolve_conflicts', revision: 'a.b.c' }],
  name_draft: [{ do: 'name_draft' }],
  compare_path: [{ do: 'compare_path' }],
  watch_again: [{ do: 'watch_again' }],
  change_again: [{ do: 'change_again' }],
}

const remedies: Remedy[] = Object.values(REMEDIES).flat()
const CALL = /([A-Z]+) \/api\/v1(\/[^ ?:;]*[a-z}])/g

it.each(remedies)('says in a sentence how to do $do', (remedy) => {
  expect(phrase(remedy)).toMatch(/^[A-Z].*\.$/)
})

it('names calls that the API has', async () => {
  const { client } = await memoryApp()
  const answer = await client.send('/openapi.json')
  const { paths } = (await answer.json()) as { paths: Record<string, object> }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => {
      const pattern = path.replace(/^\/api\/v1/, '').replaceAll(/\{[^}]+\}/g, '[^/]+')
      return new RegExp(`^${method.toUpperCase()} ${pattern}$`)
    }),
  )
  const calls = remedies.flatMap((remedy) =>
    [...phrase(remedy).matchAll(CALL)].map(([, method, path]) => `${method} ${path}`),
  )
  expect(calls.length).toBeGreaterThanOrEqual(10)
  for (const call of calls)
    expect(
      routes.some((route) => route.test(call)),
      call,
    ).toBe(true)
})
