/** What clients of the registry's own API may read: without the permission to read drafts, only what is published. */
import type { Reader } from '../../database/connection.ts'
import { isPublishedContent } from '../../database/package-revisions/of-package.ts'
import { sees, seesAll, type VisibleSet } from '../../domain/access/visible-set.ts'
import { parseOciRepository } from '../../domain/names.ts'
import { AUDIT_REPOSITORY, isInternalTag } from '../../domain/tags.ts'
import { type Caller, can } from './policy.ts'
import { visibleTo } from './visible.ts'

/** Returns the rules for a client; undefined for one that sees everything. */
export function readingRules(db: Reader, caller: Caller) {
  const visibility = visibleTo(caller)
  const seesAudit = can(caller.policy, caller.actor, 'server.audit', 'server').allowed
  if (seesAll(visibility) && seesAudit) return undefined
  const seesIn = (set: VisibleSet) => (name: string) =>
    name === AUDIT_REPOSITORY ? seesAudit : seesOci(set, name)
  return {
    seesPartOf: seesIn(visibility.published),
    seesAllOf: seesIn(visibility.drafts),
    hidesTag: isInternalTag,
    // Drafts, and records about them.
    hidesType: (artifactType: string) => artifactType.startsWith('application/vnd.pkgserver.'),
    isPublic: async (name: string, digest: string) => {
      const id = parseOciRepository(name)
      return id !== undefined && isPublishedContent(db, id, digest)
    },
  }
}

function seesOci(set: VisibleSet, name: string): boolean {
  const slash = name.indexOf('/')
  if (slash < 0) return sees(set, { repository: name })
  return sees(set, { repository: name.slice(0, slash), package: name.slice(slash + 1) })
}
