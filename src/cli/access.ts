/** `pkgserver access`: the rules of access in a YAML file. */
import { readFile, writeFile } from 'node:fs/promises'
import { json, text } from 'node:stream/consumers'
import { parse, stringify } from 'yaml'
import { AppError } from '../core/errors.ts'
import { type AccessChange, type AccessRules, accessRulesSchema } from '../domain/access/access-rules.ts'
import { askServer, type FoundServer } from './ask-server.ts'
import { oneLine } from './printable.ts'

export async function rulesByServer(server: FoundServer): Promise<AccessRules> {
  return (await json(await askServer(server, '/accessrules', undefined, 'GET'))) as AccessRules
}

export async function replaceByServer(
  server: FoundServer,
  rules: AccessRules,
  { dryRun }: { dryRun: boolean },
): Promise<AccessChange[]> {
  const answer = await askServer(server, `/accessrules?dryRun=${dryRun}`, rules, 'PUT')
  return ((await json(answer)) as { changes: AccessChange[] }).changes
}

/** `-` is standard output: the text to print is the file then. */
export async function writeRules(rules: AccessRules, file: string): Promise<string> {
  const { serviceAccounts, bindings, issuers, trusts, reviewPolicies } = rules
  const content = stringify({
    serviceAccounts: serviceAccounts.map(({ disabled, ...account }) => {
      return { ...account, ...(disabled && { disabled }) }
    }),
    bindings: bindings.map(({ repositories, ...binding }) => {
      return { ...binding, ...(repositories.length > 0 && { repositories }) }
    }),
    issuers: issuers.map(({ internal, ...issuer }) => ({ ...issuer, ...(internal && { internal }) })),
    trusts: trusts.map(({ audiences, ...trust }) => ({
      ...trust,
      ...(audiences.length > 0 && { audiences }),
    })),
    reviewPolicies,
  })
  if (file === '-') return content
  await writeFile(file, content)
  const counts = Object.entries({
    'service accounts': serviceAccounts,
    bindings,
    issuers,
    trusts,
    'review policies': reviewPolicies,
  }).map(([what, { length }]) => `${length} ${what}`)
  return `wrote ${counts.join(', ')} to ${file}\n`
}

/** `-` is standard input. Throws `invalid`. */
export async function readRules(file: string): Promise<AccessRules> {
  const content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  const found = accessRulesSchema.safeParse(parsed(content, file))
  if (found.success) return found.data
  const faults = found.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new AppError('invalid', `${file} cannot be applied: ${faults.join('; ')}`)
}

function parsed(content: string, file: string): unknown {
  try {
    return parse(content)
  } catch (error) {
    throw new AppError('invalid', `${file} is no YAML: ${error instanceof Error ? error.message : error}`)
  }
}

export function changesInWords(changes: readonly AccessChange[], { dryRun }: { dryRun: boolean }): string {
  const lines = changes.map((change) => oneLine(`${change.change}  ${nameOf(change)}`))
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`
  return [...lines, dryRun ? `would make ${count}` : `made ${count}`, ''].join('\n')
}

function nameOf(change: AccessChange): string {
  if ('issuer' in change) return `issuer ${change.issuer}`
  if ('trust' in change) {
    const { serviceAccount, issuer, claims } = change.trust
    return `trust of ${serviceAccount} in ${issuer} for ${JSON.stringify(claims)}`
  }
  if ('reviewPolicy' in change) return `review policy ${change.reviewPolicy}`
  if (!('binding' in change)) return `service account ${change.serviceAccount}`
  const { subject, role, repositories } = change.binding
  const to = 'name' in subject ? `${subject.kind} ${subject.name}` : subject.kind
  return `binding of ${role} to ${to}${repositories.length === 0 ? '' : ` for ${repositories.join(', ')}`}`
}
