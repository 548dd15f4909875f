/** Who may do what, as the settings say. */
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import { isLoopback } from '../core/loopback.ts'
import type { Transaction } from '../database/connection.ts'
import { secret } from '../database/settings.ts'
import type { Authenticator } from '../http/authentication.ts'
import { FailureLimit } from '../http/failure-limit.ts'
import type { Proxies } from '../oci/remote/connections.ts'
import { AccessControl, type AccessOptions } from '../service/access/access-control.ts'
import { ANONYMOUS } from '../service/access/actor.ts'
import type { Policy } from '../service/access/policy.ts'
import { RegistryTokens } from '../service/access/registry-tokens.ts'
import { RepositoryIds } from '../service/access/repository-ids.ts'
import { RootTokens, SETTINGS_TOKEN } from '../service/access/root-tokens.ts'
import { type Acting, auditDenial } from '../service/audit/record.ts'
import { Federation } from '../service/federation/federation.ts'
import { KeySets } from '../service/federation/key-sets.ts'
import { BootstrapToken } from './bootstrap-token.ts'

export type AccessSettings = Omit<AccessOptions, 'groupsMaxAge' | 'report'>

/** In milliseconds. */
const GROUPS_MAX_AGE = 7 * 24 * 60 * 60_000
/** Of the token in the settings, which has no form. */
const MIN_TOKEN = 32

/** Every caller may do everything. */
export const OPEN: AccessSettings = { mode: 'open', adminGroups: [] }

/** Throws `invalid` for a file that has no token. */
export async function accessSettings(
  { auth, listen, data, adminTokenFile, adminGroups = [], oidcIssuer }: Config,
  log: Logger,
): Promise<AccessSettings> {
  const rootTokens = new RootTokens()
  if (adminTokenFile !== undefined) rootTokens.add(SETTINGS_TOKEN, await tokenIn(adminTokenFile))
  const bootstrap = new BootstrapToken(data, rootTokens, log)
  const logMode = modeLog(log, auth === 'open' ? 'warn' : 'info')
  // With an identity provider people can log in, so nothing has to be open first.
  const byItself = isLoopback(listen.host) && !oidcIssuer ? 'open-at-first' : 'required'
  return {
    mode: auth === 'auto' ? byItself : auth,
    adminGroups,
    hasAdminToken: adminTokenFile !== undefined,
    rootTokens,
    onPolicy: (policy) => {
      logMode(policy)
      bootstrap.follow(policy)
    },
  }
}

/** Makes what finds out who the callers are. */
export async function openAuthenticator(
  ctx: AccessControl['ctx'],
  settings: AccessSettings,
  log: Logger,
  proxies?: Proxies,
): Promise<Authenticator> {
  const report = (err: unknown) =>
    log.warn({ err }, 'cannot read or record something about the rights of callers')
  const access = new AccessControl(ctx, { ...settings, groupsMaxAge: GROUPS_MAX_AGE, report })
  const federation = new Federation(access, new KeySets({ now: ctx.now, report, proxies }))
  const key = await ctx.commits.run((transaction) => secret(transaction, 'registry-token'))
  const registryTokens = await RegistryTokens.open(access, new RepositoryIds(ctx), key)
  return {
    access,
    registryTokens,
    failures: new FailureLimit(ctx.now),
    federation,
    onRefused: recordRefusals(ctx, log),
  }
}

/** Resolves to who may do what now; in a transaction, as that sees it. */
export function policyOf({ access }: Authenticator, transaction?: Transaction): Promise<Policy> {
  return transaction ? access.policyIn(transaction) : access.policy()
}

/** Records refused credentials in the audit log, by the token that they are of, if it is known. */
export function recordRefusals(ctx: AccessControl['ctx'], log: Logger): Authenticator['onRefused'] {
  return async ({ reason, tokenId }) => {
    const caller: Acting = { ...ANONYMOUS, via: { kind: tokenId === undefined ? 'none' : 'token', tokenId } }
    await auditDenial(ctx, caller, { code: 'unauthenticated', reason }).catch((err) =>
      log.error({ err, reason, tokenId }, 'cannot record a refusal in the audit log'),
    )
  }
}

async function tokenIn(file: string): Promise<string> {
  const text = (await readFile(file, 'utf8')).trim()
  if (text.length >= MIN_TOKEN && /^[A-Za-z0-9_~+/-]+=*$/.test(text)) return text
  throw new AppError(
    'invalid',
    `${file} must have at least ${MIN_TOKEN} letters and digits, and nothing else: openssl rand -hex 32 makes such a token`,
  )
}

/**
 * Returns a function that logs whether callers need rights, whenever that changes. `level`: of the line that says that
 * they need none.
 */
function modeLog(log: Logger, level: 'warn' | 'info'): (policy: Policy) => void {
  let logged: boolean | undefined
  return ({ open }) => {
    if (open === logged) return
    logged = open
    if (open) log[level]('every caller may do everything: PKGSERVER_AUTH=required ends that')
    else log.info('callers need rights for what they do')
  }
}
