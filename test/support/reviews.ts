/** A server with people, a repository and review policies; people act with sessions, as in a browser. */
import { expect } from 'vitest'
import { PERMISSIONS } from '../../src/domain/access/permission.ts'
import type { Role } from '../../src/domain/access/role.ts'
import { plainFiles } from '../../src/domain/package-files.ts'
import type { PackageRevision } from '../../src/domain/package-revision.ts'
import { reviewRulesSchema } from '../../src/domain/review/policy.ts'
import { type Actor, SYSTEM } from '../../src/service/access/actor.ts'
import { createReviewPolicy, replaceReviewPolicy } from '../../src/service/accounts/review-policies.ts'
import { getRevision } from '../../src/service/change-revision.ts'
import { createPackageRevision, type Source } from '../../src/service/drafts/create-package-revision.ts'
import { changeResources } from '../../src/service/drafts/update-resources.ts'
import { type ApproveOptions, approve, type Reviewed } from '../../src/service/review/approve.ts'
import { propose } from '../../src/service/review/propose.ts'
import { requiredApp } from './required-app.ts'

export const NAME = 'blueprints.nf.upf.ws1'

export async function reviews() {
  const app = await requiredApp()
  const { ctx, access } = app
  const admin = await app.user('admin')
  await app.bind({ kind: 'user', name: 'admin' }, 'admin')
  const { text } = await app.withToken(admin, { permissions: PERMISSIONS })
  const client = app.clientWith(text)
  await client.createRepository()

  const person = async (name: string, role: Role = 'maintainer', ...groups: string[]) => {
    const actor = await app.user(name, ...groups)
    await app.bind({ kind: 'user', name }, role, 'blueprints')
    return actor
  }
  const rules = (more: object = {}) =>
    reviewRulesSchema.parse({ name: 'votes', repositories: ['blueprints'], approvals: 1, ...more })
  const draft = (actor: Actor, workspace = 'ws1', source: Source = { task: 'init' }) =>
    createPackageRevision(ctx, actor, {
      repository: 'blueprints',
      package: 'nf/upf',
      workspace,
      version: null,
      source,
    })
  const get = (name = NAME) => getRevision(ctx.db, name)
  return {
    ...app,
    admin,
    /** The admin with a token. */
    adminClient: client,
    person,
    rules,
    policy: (more: object = {}) => createReviewPolicy(access, SYSTEM, rules(more)),
    changePolicy: (more: object) => replaceReviewPolicy(access, SYSTEM, rules(more), 'any'),
    draft,
    get,
    edit: (actor: Actor, text: string, name = NAME) =>
      changeResources(
        ctx,
        actor,
        name,
        { changes: new Map([['notes.txt', { content: Buffer.from(text) }]]) },
        'any',
      ),
    propose: (actor: Actor, name = NAME) => propose(ctx, actor, name),
    /** Approves what there is now. */
    approve: async (actor: Actor, options: ApproveOptions = {}, name = NAME): Promise<Reviewed> => {
      app.pass(1)
      return approve(ctx, actor, name, { digest: (await get(name)).artifact.digest, ...options })
    },
    /** A draft of an author, proposed. */
    proposed: async (author: Actor, workspace = 'ws1'): Promise<PackageRevision> => {
      const { name } = await draft(author, workspace)
      return propose(ctx, author, name)
    },
    files: (files: Record<string, string>): Source => ({
      task: 'resources',
      files: plainFiles(new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]))),
    }),
    expectOpen: async (name = NAME) =>
      expect((await get(name)).lifecycle, 'nothing is published').toBe('Proposed'),
  }
}

export type Reviews = Awaited<ReturnType<typeof reviews>>

export const missingOf = ({ review }: Reviewed) =>
  review?.rules
    .filter(({ missing }) => missing > 0)
    .map(({ rule, group, missing }) => ({ rule, group, missing }))
