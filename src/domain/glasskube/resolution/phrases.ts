import type { Clause, Term } from './incompatibility.ts'
import { ABSENT } from './value-set.ts'

const MAX_RANGE = 80

/** A range as a sentence can hold it. */
export function brief(range: string): string {
  return range.length <= MAX_RANGE ? range : `${range.slice(0, MAX_RANGE).toWellFormed()}…`
}

/** Says what follows where these terms are never true together. */
export function conclusion(terms: readonly Term[]): string {
  const installed = terms.filter(({ values }) => (values & ABSENT) === 0n)
  const needed = terms
    .filter((term) => !installed.includes(term))
    .map(({ variable, values }) => variable.describe(variable.values & ~values, 'need'))
    .join(' or ')
  const [only] = installed
  if (installed.length === 1 && only) {
    const subject = only.variable.describe(only.values, needed ? 'subject' : 'versions')
    return needed ? `${subject} requires ${needed}` : `${subject} cannot be installed`
  }
  const together = list(installed.map(({ variable, values }) => variable.describe(values, 'versions')))
  if (!together) return needed ? `${needed} is needed` : 'there is no solution'
  return needed ? `${together} together require ${needed}` : `${together} cannot be installed together`
}

export const words = ({ subject, verb, object }: Clause): string => `${subject} ${verb} ${object}`

/** Joins clauses, once what some of them have in common. */
export function joined(clauses: readonly Clause[]): string {
  const bySubject = grouped(clauses, ({ subject, verb }) => `${subject} ${verb}`)
  const byObject = grouped(
    bySubject.map(([first, ...rest]) => ({
      ...first,
      object: list([first, ...rest].map(({ object }) => object)),
    })),
    ({ verb, object, subject }) => (verb === 'is' ? object : subject + verb + object),
  )
  return joinedClauses(
    byObject.map(([{ subject, verb, object }, ...rest]) =>
      rest.length > 0
        ? `${list([subject, ...rest.map((clause) => clause.subject)])} are ${object}`
        : words({ subject, verb, object }),
    ),
  )
}

type Group = [Clause, ...Clause[]]

function grouped(clauses: readonly Clause[], key: (clause: Clause) => string): Group[] {
  const groups = new Map<string, Group>()
  for (const clause of clauses) {
    const group = groups.get(key(clause))
    if (group) group.push(clause)
    else groups.set(key(clause), [clause])
  }
  return [...groups.values()]
}

/** With commas where parts are lists themselves. */
export function joinedClauses(clauses: readonly string[]): string {
  const isPlain = clauses.length < 2 || !clauses.some((clause) => clause.includes(' and '))
  return isPlain ? list(clauses) : `${clauses.slice(0, -1).join(', ')}, and ${clauses.at(-1)}`
}

function list(parts: readonly string[]): string {
  if (parts.length < 3) return parts.join(' and ')
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
