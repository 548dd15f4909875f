import { isDeepStrictEqual } from 'node:util'
import { packRecord } from '../../../artifact/record.ts'
import { findRepository, saveRepository } from '../../../database/repositories/repositories.ts'
import { REPOSITORY_RECORD_TAG } from '../../../domain/tags.ts'
import type { ServiceContext } from '../../context.ts'
import { inRegistry } from '../../registry-content.ts'
import { readStoredPackage } from '../reindex/stored-package.ts'
import type { Finding } from './finding.ts'

/** Compares a repository with its record. `result`: whether there is such a repository. */
export async function compareRepository(
  ctx: ServiceContext,
  name: string,
): Promise<{ findings: Finding[]; result: boolean }> {
  const stored = await inRegistry(() => readStoredPackage(name, ctx.registry.repository(name)))
  const record = stored.records.get(REPOSITORY_RECORD_TAG)
  const recorded = record?.kind === 'repository' && record.data.name === name ? record.data : undefined
  const row = await findRepository(ctx.db, name)
  return { findings: findingsOf(row, recorded), result: row !== undefined || recorded !== undefined }
}

function findingsOf(
  row: Awaited<ReturnType<typeof findRepository>>,
  recorded: Parameters<typeof saveRepository>[1] | undefined,
): Finding[] {
  if (!row && recorded) {
    return [
      {
        problem: `the index has no repository ${recorded.name}, but the registry has a record of it`,
        remedy: 'add it to the index',
        change: async (transaction) => void (await saveRepository(transaction, recorded)),
      },
    ]
  }
  if (!row) return []
  const { resourceVersion, ...content } = row
  if (isDeepStrictEqual(content, recorded)) return []
  const packed = packRecord('repository', content)
  return [
    {
      problem: `the record of the repository ${row.name} ${recorded ? 'differs from the index' : 'is missing'}`,
      remedy: 'record it again',
      push: [packed],
      operations: [{ do: 'tag', descriptor: packed.manifest.descriptor, tags: [REPOSITORY_RECORD_TAG] }],
    },
  ]
}
