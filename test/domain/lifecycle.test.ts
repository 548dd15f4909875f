import { describe, expect, it } from 'vitest'
import { LIFECYCLES, transition, type Verb } from '../../src/domain/lifecycle.ts'

const VERBS: Verb[] = ['edit', 'propose', 'approve', 'reject', 'propose-deletion', 'delete']

/** The transitions that clients rely on. */
const TABLE: Record<string, Partial<Record<Verb, string>>> = {
  Draft: { edit: 'Draft', propose: 'Proposed', delete: 'deleted' },
  Proposed: { reject: 'Draft', approve: 'Published', delete: 'deleted' },
  Published: { 'propose-deletion': 'DeletionProposed' },
  DeletionProposed: { reject: 'Published', approve: 'deleted', delete: 'deleted' },
}

describe('transition', () => {
  for (const from of LIFECYCLES) {
    for (const verb of VERBS) {
      const to = TABLE[from]?.[verb]
      it(to ? `leads from ${from} to ${to} by ${verb}` : `refuses ${verb} of a ${from} revision`, () => {
        if (to) expect(transition('a.b.c', from, verb)).toBe(to)
        else
          expect(() => transition('a.b.c', from, verb)).toThrow(
            `a.b.c is ${from}: ${verb} is not possible. Allowed now: `,
          )
      })
    }
  }
})
