/** Trusts: which tokens of an issuer let their bearers act as a service account. */
import { AppError } from '../../core/errors.ts'
import type { Permission } from '../access/permission.ts'
import { type Claims, claimText, pathProblem } from './claims.ts'
import type { IssuerKind } from './issuer.ts'

export type TrustContent = {
  /** The audiences of its tokens, of which they have exactly one; empty: the address of this server. */
  audiences: readonly string[]
  /** The allowed values of claims, by their paths. All must hold. */
  claims: Readonly<Record<string, readonly string[]>>
  /** What its tokens may use of the account's rights. */
  permissions: readonly Permission[]
  /** Patterns. */
  repositories: readonly string[]
}

export type Trust = TrustContent & {
  id: string
  principalId: string
  issuerId: string
  createdBy: string
  createdAt: string
}

/** A job must not be able to give itself more than this. */
const NEVER_GIVEN: readonly Permission[] = ['tokens', 'admin', 'server.admin']

/** Rights that change no more than drafts. */
const DRAFTING: readonly Permission[] = ['read', 'draft.read', 'draft', 'propose']

/** Claims that are checked in any case, and so are no conditions. */
const NO_CONDITIONS = ['iss', 'aud', 'exp', 'iat', 'nbf', 'jti']

/** Claims with references of git, of which a trust may name the beginning. */
const REF = 'ref'
const FILES_AT_REFS = ['workflow_ref', 'job_workflow_ref', 'ci_config_ref_uri']

type Rules = {
  /** Claims with ids that no other owner or project ever gets, one of which is needed. */
  ids: readonly string[]
  /** Claims with the file of the workflow at a reference. */
  files: readonly string[]
  /** Whether the reference alone decides about the file. */
  refHasFile: boolean
}

/** Public issuers sign tokens for all of their users. */
const RULES: { [kind in IssuerKind]?: Rules } = {
  github: {
    ids: ['repository_id', 'repository_owner_id'],
    files: ['workflow_ref', 'job_workflow_ref'],
    refHasFile: false,
  },
  gitlab: { ids: ['project_id', 'namespace_id'], files: ['ci_config_ref_uri'], refHasFile: true },
}

/** Events that run with the content, or at the request, of people who cannot push to the repository. */
const EVENTS_OF_OTHERS = ['pull_request', 'pull_request_target', 'workflow_run']

const MOST_CLAIMS = 20
const MOST_VALUES = 50
const MAX_VALUE = 500

/** Throws `invalid` for a trust that cannot be, or that would let others in than its author means. */
export function checkTrust(trust: TrustContent, kind: IssuerKind): void {
  const problem = trustProblem(trust, kind)
  if (problem) throw new AppError('invalid', problem)
}

function trustProblem(
  { audiences, claims, permissions }: TrustContent,
  kind: IssuerKind,
): string | undefined {
  const given = permissions.find((permission) => NEVER_GIVEN.includes(permission))
  if (given) return `a trust cannot give the permission ${given}: it is for people and their tokens`
  if (audiences.length > MOST_VALUES || !audiences.every(isValue)) {
    return `a trust has at most ${MOST_VALUES} audiences, each with 1 to ${MAX_VALUE} characters`
  }
  const paths = Object.keys(claims)
  if (paths.length === 0) {
    return 'a trust needs a condition beside the issuer and the audience, which other users of the issuer have too: name a claim'
  }
  if (paths.length > MOST_CLAIMS) return `a trust has at most ${MOST_CLAIMS} claims`
  for (const [path, values] of Object.entries(claims)) {
    const problem = claimProblem(path, values, kind)
    if (problem) return `the claim ${path.slice(0, 200)} ${problem}`
  }
  const rules = RULES[kind]
  return rules && conditionsProblem(claims, kind, rules)
}

function claimProblem(path: string, values: readonly string[], kind: IssuerKind): string | undefined {
  const problem = pathProblem(path)
  if (problem) return problem
  if (NO_CONDITIONS.includes(path)) return 'is checked in any case: leave it out'
  if (kind === 'github' && path === 'sub') {
    return 'has several forms, and names in it are given out again: use repository_id, environment and others'
  }
  if (values.length === 0 || values.length > MOST_VALUES || !values.every(isValue)) {
    return `needs 1 to ${MOST_VALUES} values, each with 1 to ${MAX_VALUE} characters`
  }
  if (RULES[kind]?.ids.includes(path) && !values.every((value) => /^[0-9]+$/.test(value))) {
    return 'is an id: its values are numbers'
  }
  return values.map((value) => wildcardProblem(path, value)).find((each) => each !== undefined)
}

/** A value may end in `*` where the beginning says which branches or tags it means. */
function wildcardProblem(path: string, value: string): string | undefined {
  const star = value.indexOf('*')
  if (star === -1) return undefined
  const beginning = value.slice(0, -1)
  if (star < beginning.length) return 'has a * that is not at the end of its value'
  if (path === REF && (/^refs\/(?:heads|tags)\/./.test(beginning) || isShortRef(beginning))) return undefined
  if (FILES_AT_REFS.includes(path) && /^[^@]+@refs\/(?:heads|tags)\/.+$/.test(beginning)) return undefined
  return 'cannot have a * there: it is for the end of references, after the beginning of the name of a branch or tag'
}

/** Whether no reference that is written in full begins like this. */
function isShortRef(beginning: string): boolean {
  return !beginning.startsWith('refs/') && !'refs/'.startsWith(beginning)
}

function conditionsProblem(
  claims: TrustContent['claims'],
  kind: IssuerKind,
  { ids, files, refHasFile }: Rules,
): string | undefined {
  const has = (claim: string) => Object.hasOwn(claims, claim)
  if (!ids.some(has)) {
    return `a trust in ${kind} needs ${ids.join(' or ')}: names are given out again, ids are not`
  }
  const isProtected = claims.ref_protected?.every((value) => value === 'true') ?? false
  if (has('environment') || (refHasFile && isProtected)) return undefined
  if (files.some(has) && (has(REF) || isProtected)) return undefined
  return `a trust in ${kind} needs environment, ${refHasFile ? 'ref_protected (true), ' : ''}or ${files.join(' or ')} with ref: otherwise each branch and workflow is trusted`
}

function isValue(text: string): boolean {
  return text !== '' && text.length <= MAX_VALUE
}

export type Presented = {
  claims: Claims
  /** The audience that a trust has without naming any. */
  audience: string
  /** All that the token would allow. */
  permissions: ReadonlySet<Permission>
}

/** Why a trust does not let the bearer of a token in, whose signature and times are right; undefined if it does. */
export function trustRefusal(
  trust: TrustContent,
  kind: IssuerKind,
  presented: Presented,
): string | undefined {
  const { claims, audience, permissions } = presented
  const audiences = trust.audiences.length > 0 ? trust.audiences : [audience]
  if (!hasAudience(claims, audiences)) return `its audience is not ${audiences.join(' or ')}`
  for (const [path, values] of Object.entries(trust.claims)) {
    const found = claimText(claims, path)
    if (found === undefined) return `it has no claim ${path}`
    if (!values.some((value) => matches(path, value, found))) return `its claim ${path} has another value`
  }
  const event = claimText(claims, 'event_name')
  const named = Object.hasOwn(trust.claims, 'event_name')
  if (kind === 'github' && event === undefined) return 'it has no claim event_name'
  if (!named && event !== undefined && EVENTS_OF_OTHERS.includes(event)) {
    return `the event ${event} is only allowed by a trust that names it`
  }
  const drafts = permissions.isSubsetOf(new Set(DRAFTING))
  if (kind === 'gitlab' && !drafts && claimText(claims, 'ref_protected') !== 'true') {
    return 'its ref is not protected, and the account may change what is published'
  }
  return undefined
}

/** A token for several services could be used by each of them at the others. */
function hasAudience({ aud }: Claims, audiences: readonly string[]): boolean {
  const [only, ...more] = Array.isArray(aud) ? aud : [aud]
  return typeof only === 'string' && more.length === 0 && audiences.includes(only)
}

function matches(path: string, value: string, found: string): boolean {
  if (path === 'environment') return folded(value) === folded(found)
  const isReference = path === REF || FILES_AT_REFS.includes(path)
  return isReference && value.endsWith('*') ? found.startsWith(value.slice(0, -1)) : value === found
}

/** In ASCII only: some letters beyond it have lower case letters in it. */
function folded(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}
