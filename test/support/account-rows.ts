/** An index in memory, and rows of accounts and rights. */
import { onTestFinished } from 'vitest'
import { insertBinding } from '../../src/database/access/bindings.ts'
import { insertPrincipal } from '../../src/database/access/principals.ts'
import { insertToken } from '../../src/database/access/tokens.ts'
import type { Transaction } from '../../src/database/connection.ts'
import { memoryIndex } from '../../src/database/open.ts'
import type { Binding } from '../../src/domain/access/binding.ts'
import type { PrincipalKind } from '../../src/domain/access/principal.ts'

export const NOW = '2026-01-01T00:00:00.000Z'
export const LATER = '2026-02-01T00:00:00.000Z'

export function accountRows() {
  const index = memoryIndex()
  onTestFinished(index.close)
  const { commits } = index
  const write = <T>(work: (transaction: Transaction) => Promise<T>) => commits.run(work)
  const principal = (id: string, kind: PrincipalKind = 'user') =>
    write((transaction) =>
      insertPrincipal(transaction, {
        id,
        kind,
        name: `name-${id}`,
        displayName: id.toUpperCase(),
        scope: kind === 'user' ? undefined : 'team-*',
        ownerId: undefined,
        createdBy: 'pkgserver',
        createdAt: NOW,
      }),
    )
  const token = (id: string, principalId: string, expiresAt?: string) =>
    write((transaction) =>
      insertToken(transaction, {
        id,
        kind: 'personal',
        principalId,
        name: 'laptop',
        hash: `hash-${id}`,
        permissions: ['read', 'push'],
        repositories: ['team-*'],
        createdBy: 'ann',
        createdAt: NOW,
        expiresAt,
      }),
    )
  const binding = (content: Pick<Binding, 'id' | 'subject' | 'role'> & Partial<Binding>) =>
    write((transaction) =>
      insertBinding(transaction, {
        principalId: undefined,
        repositories: [],
        createdBy: 'ann',
        createdAt: NOW,
        ...content,
      }),
    )
  return { db: index.db, write, principal, token, binding }
}
