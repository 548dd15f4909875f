import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { changesAfter, recordAddition, recordModification } from '../../src/database/change-log.ts'
import type { Reader } from '../../src/database/connection.ts'
import { memoryIndex } from '../../src/database/open.ts'
import { findPackageRevision } from '../../src/database/package-revisions/package-revisions.ts'
import { findRepository } from '../../src/database/repositories/repositories.ts'
import { pendingOperations } from '../../src/service/operations.ts'
import { memoryApp } from '../support/app.ts'

const NAME = 'blueprints.nf.upf.ws1'

async function filled(): Promise<Reader> {
  const { client, parts } = await memoryApp()
  await client.createRepository()
  await client.createDraft('ws1')
  return parts.ctx.db
}

it.each(['labels', 'annotations', 'readiness_gates', 'conditions'])(
  'a row with damaged %s is refused, and not read as something else',
  async (column) => {
    const db = await filled()
    for (const json of ['3', 'null', '"x"', '{"a": 1}', '[1]', '[{"type": "Valid"}]']) {
      await sql`UPDATE package_revisions SET ${sql.ref(column)} = ${json}`.execute(db)
      await expect(findPackageRevision(db, NAME), json).rejects.toMatchObject({
        code: 'internal',
        message: `the index is damaged: the ${column} of ${NAME} cannot be read`,
      })
    }
  },
)

it('a damaged repository is refused', async () => {
  const db = await filled()
  await sql`UPDATE repositories SET source = '{"url": 3}'`.execute(db)
  await expect(findRepository(db, 'blueprints')).rejects.toThrow(/the repository blueprints cannot be read/)
})

it('a damaged intent is refused', async () => {
  const db = await filled()
  for (const json of ['', '{}', '[{"do": "nothing"}]', '[{"do": "tag", "tags": ["v1"]}]']) {
    await sql`UPDATE intents SET oci_repository = 'blueprints/nf/upf', operations = ${json}`.execute(db)
    await expect(pendingOperations(db, 'blueprints/nf/upf'), json).rejects.toThrow(
      /intent \d+ cannot be read/,
    )
  }
})

it('the log of changes has what earlier versions wrote, with what they did not keep left empty', async () => {
  const source = await filled()
  const revision = await findPackageRevision(source, NAME)
  if (!revision) throw new Error('the draft is missing')
  const { db, commits, close } = memoryIndex()
  onTestFinished(close)
  const { proposedReason, review, deletionProposal, deletionRejection, ...old } = revision
  await commits.run(async (transaction) => {
    await recordAddition(transaction, { ...old, resourceVersion: '1' } as typeof revision)
    await recordModification(transaction, revision, {
      ...revision,
      lifecycle: 'Proposed',
      resourceVersion: '2',
    })
  })
  expect(await changesAfter(db, 0, 10)).toMatchObject([
    { type: 'added', revision: { ...revision, resourceVersion: '1' }, was: {} },
    { type: 'modified', revision: { lifecycle: 'Proposed' }, was: { lifecycle: 'Draft' } },
  ])
  await sql`UPDATE changes SET revision = '{}'`.execute(db)
  await expect(changesAfter(db, 0, 10)).rejects.toThrow(/a revision in the log of changes cannot be read/)
})
