/**
 * One-ofs in the usual forms of CEL rules, such as those of controller-gen's markers
 * (https://kubernetes.io/docs/reference/using-api/cel/). Other rules are not understood.
 */
import { choice, type OneOf, union } from './one-ofs.ts'

const HAS = String.raw`has\(self\.\w+\)`
const TERM = String.raw`\(?${HAS}\?1:0\)?`
const AT_MOST_ONE = '(?:==1|<=1|<2)'
const BOTH = `${HAS}&&${HAS}`
const ONE_ALONE = String.raw`\(?(?:${HAS}&&!${HAS}|!${HAS}&&${HAS})\)?`

/** Each names the fields that exclude each other. */
const CHOICES = [
  `${HAS}(?:!=|==!)${HAS}`,
  `!${HAS}==${HAS}`,
  String.raw`!\(${BOTH}\)`,
  String.raw`!${HAS}\|\|!${HAS}`,
  String.raw`${ONE_ALONE}\|\|${ONE_ALONE}`,
  String.raw`${HAS}\?!${HAS}:(?:true|${HAS})`,
  String.raw`\(?${TERM}(?:\+${TERM})+\)?${AT_MOST_ONE}`,
  String.raw`\[${HAS}(?:,${HAS})+\]\.filter\(\w+,\w+(?:==true)?\)\.size\(\)${AT_MOST_ONE}`,
].map(exactly)

const VALUE = String.raw`(?:'[^'\\]*'|"[^"\\]*")`
const IS = String.raw`self\.\w+==${VALUE}`
const IS_ANY = String.raw`\(?(?:${IS}(?:\|\|${IS})*|self\.\w+in\[${VALUE}(?:,${VALUE})*\])\)?`

/** Each names a field, and the values of another one with which it is allowed. */
const UNIONS = [
  String.raw`\(?(?:${HAS}&&)?${IS_ANY}\)?\?${HAS}:!${HAS}`,
  String.raw`!${HAS}\|\|${IS_ANY}`,
  String.raw`!\(${HAS}&&self\.\w+!=${VALUE}\)`,
].map(exactly)

function exactly(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`)
}

/** Longer rules are no simple ones. */
const MAX_LENGTH = 2_000

/** Returns the one-of that a rule stands for; undefined for any other rule. */
export function celOneOf(rule: string): OneOf | undefined {
  if (rule.length > MAX_LENGTH) return undefined
  const text = rule.replace(/('[^']*'|"[^"]*")|\s+/g, (_, literal: string | undefined) => literal ?? '')
  const fields = [...new Set(all(text, /has\(self\.(\w+)\)/g))]
  if (CHOICES.some((form) => form.test(text))) return fields.length > 1 ? choice(...fields) : undefined
  if (!UNIONS.some((form) => form.test(text))) return undefined
  const discriminators = new Set(all(text, /self\.(\w+)(?:==|!=|in\[)/g))
  const [discriminator = ''] = discriminators
  const [member, ...others] = fields.filter((field) => field !== discriminator)
  if (member === undefined || others.length > 0 || discriminators.size > 1) return undefined
  return union(discriminator, { [member]: all(text, /['"]([^'"]*)['"]/g) })
}

function all(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, found = '']) => found)
}
