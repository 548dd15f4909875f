import { describe, expect, it } from 'vitest'
import type { AppError } from '../../src/core/errors.ts'
import type { Remedy } from '../../src/core/remedy.ts'
import { LIFECYCLES, type Lifecycle, transition, type Verb } from '../../src/domain/lifecycle.ts'

const VERBS: Verb[] = ['edit', 'propose', 'approve', 'reject', 'propose-deletion', 'delete']

/** The transitions that clients rely on. */
const TABLE: Record<string, Partial<Record<Verb, string>>> = {
  Draft: { edit: 'Draft', propose: 'Proposed', delete: 'deleted' },
  Proposed: { reject: 'Draft', approve: 'Published', delete: 'deleted' },
  Published: { 'propose-deletion': 'DeletionProposed' },
  DeletionProposed: { reject: 'Published', approve: 'deleted', delete: 'deleted' },
}

function remedyOf(from: Lifecycle, verb: Verb): Remedy | undefined {
  try {
    transition('a.b.c', from, verb)
    return undefined
  } catch (error) {
    return (error as AppError).remedy
  }
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

  it('advises a verb that leads to the refused one, or a copy of what never changes', () => {
    const advice = LIFECYCLES.flatMap((from) =>
      VERBS.map((verb) => [from, verb, remedyOf(from, verb)] as const),
    )
    expect(advice.filter(([, , remedy]) => remedy)).toHaveLength(6)
    for (const [from, verb, remedy] of advice) {
      if (remedy?.do === 'copy_revision') expect(['Published', 'DeletionProposed']).toContain(from)
      else if (remedy?.do === 'transition') {
        const between = TABLE[from]?.[remedy.verb] ?? ''
        expect(TABLE[between]?.[verb], `${verb} from ${from} after ${remedy.verb}`).toBeDefined()
      } else expect(remedy).toBeUndefined()
    }
  })
})
