/** The first start, and the first admin. The titles with numbers are the security tests that every version must pass. */
import { existsSync } from 'node:fs'
import { readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Components } from '../../src/server/components.ts'
import { type Actor, ANONYMOUS, SYSTEM } from '../../src/service/access/actor.ts'
import { authenticateToken } from '../../src/service/access/authenticate.ts'
import { can } from '../../src/service/access/policy.ts'
import { createBinding } from '../../src/service/accounts/create-binding.ts'
import { createServiceAccount } from '../../src/service/accounts/create-service-account.ts'
import { createToken } from '../../src/service/accounts/create-token.ts'
import { revokeToken } from '../../src/service/accounts/revoke-token.ts'
import { folderApp } from '../support/app.ts'
import { basic } from '../support/required-app.ts'
import { temporaryFolder } from '../support/temporary.ts'

const NETWORK = { PKGSERVER_LISTEN: '0.0.0.0:8080' }
const REQUIRED = { PKGSERVER_AUTH: 'required' }

const tokenFile = (data: string) => join(data, 'bootstrap-token')
const tokenIn = async (data: string) => (await readFile(tokenFile(data), 'utf8')).trim()

async function actorWith({ authenticator }: Components, text: string): Promise<Actor | undefined> {
  const found = await authenticateToken(authenticator.access, text, undefined)
  return 'actor' in found ? found.actor : undefined
}

async function isAdmin(parts: Components, actor: Actor | undefined): Promise<boolean> {
  const policy = await parts.authenticator.access.policy()
  return actor !== undefined && can(policy, actor, 'server.admin', 'server').allowed
}

/** Makes a service account an admin, which ends with its token. */
async function makeAdmin({ authenticator: { access } }: Components, actor: Actor) {
  const owner = { kind: 'serviceaccount', name: 'ops' } as const
  await createServiceAccount(access, actor, { name: 'ops', displayName: '', scope: '*' })
  await createBinding(access, actor, { subject: owner, role: 'admin', repositories: [] })
  return createToken(access, actor, { name: 'first', owner, permissions: ['admin', 'server.admin'] })
}

describe('33. a first start', () => {
  it('on a network requires rights, without any password that others could know', async () => {
    const { client, parts, data } = await folderApp(undefined, NETWORK)
    expect(await client.ok('GET', '')).toMatchObject({ access: 'required' })
    expect((await client.send('/v2/')).status).toBe(401)
    for (const name of ['admin', 'root', 'pkgserver', 'bootstrap']) {
      for (const password of [name, 'admin', 'password', 'bootstrap-token', '']) {
        const response = await client.send('/v2/', { headers: { Authorization: basic(name, password) } })
        expect([401, 429]).toContain(response.status)
      }
    }
    expect(await isAdmin(parts, ANONYMOUS)).toBe(false)
    expect((await stat(tokenFile(data))).mode & 0o777).toBe(0o600)
  })

  it('on the loopback address is open until there is a first account, and never again', async () => {
    const { client, parts, data, close } = await folderApp()
    const { access } = parts.authenticator
    expect(await client.ok('GET', '')).toMatchObject({ access: 'open' })
    expect((await client.send('/v2/')).status).toBe(200)
    expect(existsSync(tokenFile(data))).toBe(false)
    await createServiceAccount(access, ANONYMOUS, { name: 'ci', displayName: '', scope: '*' })
    expect(await client.ok('GET', '')).toMatchObject({ access: 'required' })
    expect(await isAdmin(parts, ANONYMOUS)).toBe(false)
    expect(await isAdmin(parts, await actorWith(parts, await tokenIn(data)))).toBe(true)
    await close()
    const again = await folderApp(data)
    expect(await again.client.ok('GET', '')).toMatchObject({ access: 'required' })
  })

  it('is open on a network only if the settings say so', async () => {
    const { client, data } = await folderApp(undefined, { ...NETWORK, PKGSERVER_AUTH: 'open' })
    expect(await client.ok('GET', '')).toMatchObject({ access: 'open' })
    expect(existsSync(tokenFile(data))).toBe(false)
  })
})

describe('33. the token of the file bootstrap-token', () => {
  it('makes the first admin, and is worth nothing from then on', async () => {
    const { parts, client, data } = await folderApp(undefined, REQUIRED)
    const text = await tokenIn(data)
    const headers = { Authorization: `Bearer ${text}` }
    expect((await client.send('/v2/', { headers })).status).toBe(200)
    const root = (await actorWith(parts, text)) as Actor
    expect(root).toMatchObject({ kind: 'root', name: 'root:bootstrap' })
    const admin = await makeAdmin(parts, root)
    expect(await isAdmin(parts, await actorWith(parts, admin.text))).toBe(true)
    expect(existsSync(tokenFile(data))).toBe(false)
    expect(await actorWith(parts, text)).toBeUndefined()
    expect((await client.send('/v2/', { headers })).status).toBe(401)
  })

  it('stays while an admin could not come in, and comes back when the last token is revoked', async () => {
    const { parts, data } = await folderApp(undefined, REQUIRED)
    const { access } = parts.authenticator
    const text = await tokenIn(data)
    await createServiceAccount(access, SYSTEM, { name: 'early', displayName: '', scope: '*' })
    const early = { kind: 'serviceaccount', name: 'early' } as const
    await createBinding(access, SYSTEM, { subject: early, role: 'admin', repositories: [] })
    expect(await tokenIn(data)).toBe(text)
    const { token } = await makeAdmin(parts, SYSTEM)
    await access.policy()
    expect(existsSync(tokenFile(data))).toBe(false)
    await revokeToken(access, SYSTEM, token.id, 'stolen')
    await access.policy()
    const next = await tokenIn(data)
    expect(next).not.toBe(text)
    expect(await isAdmin(parts, await actorWith(parts, next))).toBe(true)
    expect(await actorWith(parts, text)).toBeUndefined()
  })

  it('is another one after each start, and what lies in its place is not written to', async () => {
    const first = await folderApp(undefined, REQUIRED)
    const old = await tokenIn(first.data)
    await first.close()
    const elsewhere = join(await temporaryFolder(), 'file')
    await writeFile(elsewhere, 'other')
    await rm(tokenFile(first.data))
    await symlink(elsewhere, tokenFile(first.data))
    const { parts, data } = await folderApp(first.data, REQUIRED)
    expect(await tokenIn(data)).not.toBe(old)
    expect(await actorWith(parts, old)).toBeUndefined()
    expect(await readFile(elsewhere, 'utf8')).toBe('other')
  })

  it('is not needed where the settings name a token or a group of admins', async () => {
    const file = join(await temporaryFolder(), 'token')
    const text = 'k'.repeat(32)
    await writeFile(file, `${text}\n`)
    const { parts, data } = await folderApp(undefined, { ...REQUIRED, PKGSERVER_ADMIN_TOKEN_FILE: file })
    expect(existsSync(tokenFile(data))).toBe(false)
    const root = await actorWith(parts, text)
    expect(root).toMatchObject({ kind: 'root', name: 'root:settings' })
    expect(await isAdmin(parts, root)).toBe(true)
    await makeAdmin(parts, SYSTEM)
    expect(await isAdmin(parts, await actorWith(parts, text))).toBe(true)

    const groups = await folderApp(undefined, {
      ...REQUIRED,
      PKGSERVER_ADMIN_GROUPS: 'corp:platform, corp:ops',
    })
    expect(existsSync(tokenFile(groups.data))).toBe(false)
    const { adminGroups } = await groups.parts.authenticator.access.policy()
    expect(adminGroups).toEqual(['corp:platform', 'corp:ops'])
  })

  it.each(['', 'short', `${'k'.repeat(40)} x`, 'ä'.repeat(40)])(
    'is refused in the settings if it is weak: %j',
    async (text) => {
      const file = join(await temporaryFolder(), 'token')
      await writeFile(file, text)
      await expect(folderApp(undefined, { PKGSERVER_ADMIN_TOKEN_FILE: file })).rejects.toThrow(
        /must have at least 32 letters and digits/,
      )
    },
  )
})
