/** An app with a service account `ci`, which jobs of a repository on GitHub can act as. */
import type { AuditRecord } from '../../src/domain/audit/entry.ts'
import type { NewIssuer } from '../../src/domain/federation/issuer.ts'
import { SYSTEM } from '../../src/service/access/actor.ts'
import { createIssuer } from '../../src/service/accounts/change-issuers.ts'
import { createTrust, type NewTrust } from '../../src/service/accounts/change-trusts.ts'
import { GITHUB, NO_ISSUER, signingKey } from './issuers.ts'
import { requiredApp } from './required-app.ts'

export const PROD = { repository_id: ['74'], environment: ['prod'] }

export async function federatedApp() {
  const start = new Date(Math.floor(Date.now() / 1000) * 1000)
  const at = await requiredApp({}, { start })
  const ci = await at.account('ci')
  const binding = await at.bind(ci, 'maintainer', '*')
  const key = await signingKey('one')
  const issuer = (given: Partial<NewIssuer> & { name: string }) =>
    createIssuer(at.access, SYSTEM, { ...NO_ISSUER, issuer: GITHUB, ...given })
  const trust = (given: Partial<NewTrust> = {}, account = 'ci') =>
    createTrust(at.access, SYSTEM, account, { issuer: 'github', audiences: [], claims: PROD, ...given })
  await issuer({ name: 'github', jwks: { keys: [key.jwk] } })
  const made = await trust()
  return {
    ...at,
    ci,
    binding,
    signer: key,
    issuer,
    trust,
    madeTrust: made.trust,
    /** The records of a type, oldest first. */
    records: async (type: string): Promise<AuditRecord[]> => {
      const rows = await at.ctx.db.selectFrom('audit').select('record').where('type', '=', type).execute()
      return rows.map(({ record }) => JSON.parse(record))
    },
  }
}

export type FederatedApp = Awaited<ReturnType<typeof federatedApp>>
