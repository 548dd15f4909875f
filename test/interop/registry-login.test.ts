/** Clients of the registry that log in, with a private and a public repository beside each other. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SYSTEM } from '../../src/service/access/actor.ts'
import { createIssuer } from '../../src/service/accounts/change-issuers.ts'
import { createTrust } from '../../src/service/accounts/change-trusts.ts'
import { revokeToken } from '../../src/service/accounts/revoke-token.ts'
import { GITHUB, githubClaims, NO_ISSUER, signingKey } from '../support/issuers.ts'
import { serving } from '../support/listening.ts'
import { tool } from '../support/program.ts'
import { requiredApp } from '../support/required-app.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { describeWith, type Run, run } from './tool.ts'

/** The arguments of each call. `config` is a file for credentials. */
type Program = {
  name: string
  login: (host: string, password: string, config: string) => string[]
  manifest: (reference: string, config: string) => string[]
  copy: (from: string, to: string, config: string) => string[]
  /** Whether a login asks the server. */
  asks: boolean
}

const PROGRAMS: Program[] = [
  {
    name: 'oras',
    asks: true,
    login: (host, password, config) => [
      ...['login', '--plain-http', '--registry-config', config],
      ...['-u', 'ann', '-p', password, host],
    ],
    manifest: (reference, config) => [
      ...['manifest', 'fetch', '--plain-http', '--registry-config', config],
      reference,
    ],
    copy: (from, to, config) => [
      ...['cp', '--from-plain-http', '--to-plain-http'],
      ...['--from-registry-config', config, '--to-registry-config', config, from, to],
    ],
  },
  {
    name: 'crane',
    asks: false,
    login: (host, password) => ['auth', 'login', '-u', 'ann', '-p', password, host],
    manifest: (reference) => ['--insecure', 'manifest', reference],
    copy: (from, to) => ['--insecure', 'copy', from, to],
  },
  {
    name: 'regctl',
    asks: true,
    login: (host, password) => [
      ...['registry', 'login', '--host', `reg=${host},tls=disabled`],
      ...['-u', 'ann', '-p', password, host],
    ],
    manifest: (reference) => [
      '--host',
      hostOf(reference),
      'manifest',
      'get',
      '--format',
      'raw-body',
      reference,
    ],
    copy: (from, to) => ['--host', hostOf(from), 'image', 'copy', from, to],
  },
  {
    name: 'skopeo',
    asks: true,
    login: (host, password, config) => [
      ...['login', '--tls-verify=false', '--authfile', config],
      ...['-u', 'ann', '-p', password, host],
    ],
    manifest: (reference, config) => [
      ...['inspect', '--raw', '--tls-verify=false', '--authfile', config],
      `docker://${reference}`,
    ],
    copy: (from, to, config) => [
      ...['copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--authfile', config],
      ...[`docker://${from}`, `docker://${to}`],
    ],
  },
]

function hostOf(reference: string): string {
  return `reg=${reference.split('/')[0]},tls=disabled`
}

async function server() {
  const at = await requiredApp({}, { start: new Date() })
  const admin = await at.account('admin')
  await at.bind(admin, 'admin')
  const permissions = ['draft', 'propose', 'review', 'publish', 'push', 'delete', 'admin'] as const
  const client = at.clientWith((await at.withToken(SYSTEM, { owner: admin, permissions })).text)
  for (const repository of ['open', 'private']) {
    await client.createRepository(repository)
    await client.publish('ws1', { init: {} }, { repository, package: 'app' })
  }
  await at.bind({ kind: 'anonymous' }, 'reader', 'open')
  const ann = await at.user('ann')
  await at.bind({ kind: 'user', name: 'ann' }, 'reader', 'private')
  await at.bind({ kind: 'user', name: 'ann' }, 'publisher', 'copies')
  const { text, token } = await at.withToken(ann)
  const { host } = await serving(at.hono)
  const { digest: layer } = JSON.parse(
    await (await at.as(`Bearer ${text}`, '/v2/private/app/manifests/v1')).text(),
  ).layers[0]
  return { ...at, ann, text, token, host, layer }
}

for (const program of PROGRAMS) {
  const { login, manifest, copy, asks } = program
  const installed = tool(program.name)

  /** Runs the program with credentials of its own. */
  const session = async () => {
    const folder = await temporaryFolder()
    const config = join(folder, 'config.json')
    const env = { DOCKER_CONFIG: folder, REGCTL_CONFIG: join(folder, 'regctl.json'), HOME: folder }
    const call = (args: string[]): Promise<Run> => run(installed, args, { cwd: folder, env })
    return {
      login: (host: string, password: string) => call(login(host, password, config)),
      manifest: (reference: string) => call(manifest(reference, config)),
      copy: (from: string, to: string) => call(copy(from, to, config)),
      logout: () => rm(folder, { recursive: true }),
    }
  }

  describeWith(installed, `${program.name}, of a server that requires rights,`, () => {
    it('pulls what is public without credentials, and nothing else', async () => {
      const { host } = await server()
      const anonymous = await session()
      const pulled = await anonymous.manifest(`${host}/open/app:v1`)
      expect(pulled.code, pulled.stderr).toBe(0)
      expect(pulled.stdout).toContain('"schemaVersion"')
      for (const missing of ['private/app', 'private/none', 'none/app']) {
        expect((await anonymous.manifest(`${host}/${missing}:v1`)).code, missing).not.toBe(0)
      }
    })

    it('logs in with a token as the password, and pulls what is private until it is revoked', async () => {
      const at = await server()
      const ann = await session()
      const wrong = await ann.login(at.host, 'wrong')
      if (asks) expect(wrong.code).not.toBe(0)
      expect(await ann.login(at.host, at.text)).toMatchObject({ code: 0 })
      for (const name of ['open', 'private']) {
        const pulled = await ann.manifest(`${at.host}/${name}/app:v1`)
        expect(pulled.code, pulled.stderr).toBe(0)
      }
      await revokeToken(at.access, at.ann, at.token.id, null)
      expect((await ann.manifest(`${at.host}/private/app:v1`)).code).not.toBe(0)
    })

    it('logs in with a token of an issuer outside as the password, which serves for all it does', async () => {
      const at = await server()
      const account = await at.account('ann')
      await at.bind(account, 'reader', 'private')
      await at.bind(account, 'publisher', 'copies')
      const key = await signingKey('one')
      const issuer = { ...NO_ISSUER, name: 'github', issuer: GITHUB, jwks: { keys: [key.jwk] } }
      await createIssuer(at.access, SYSTEM, issuer)
      const claims = { repository_id: ['74'], environment: ['prod'] }
      await createTrust(at.access, SYSTEM, 'ann', { issuer: 'github', audiences: [], claims })
      const job = await session()
      const wrong = await job.login(at.host, await key.sign(githubClaims(at, { environment: 'dev' })))
      if (asks) expect(wrong.code).not.toBe(0)
      expect(await job.login(at.host, await key.sign(githubClaims(at)))).toMatchObject({ code: 0 })
      for (const name of ['open', 'private', 'private']) {
        const pulled = await job.manifest(`${at.host}/${name}/app:v1`)
        expect(pulled.code, pulled.stderr).toBe(0)
      }
      const copied = await job.copy(`${at.host}/private/app:v1`, `${at.host}/copies/app:one`)
      expect(copied.code, copied.stderr).toBe(0)
    })

    it('copies to where the user may push, and mounts what it may read', async () => {
      const { host, text, as, layer } = await server()
      const ann = await session()
      await ann.login(host, text)
      const copied = await ann.copy(`${host}/private/app:v1`, `${host}/copies/app:one`)
      expect(copied.code, copied.stderr).toBe(0)
      expect((await as(`Bearer ${text}`, `/v2/copies/app/blobs/${layer}`)).status).toBe(200)
      const refused = await ann.copy(`${host}/private/app:v1`, `${host}/open/app:one`)
      expect(refused.code).not.toBe(0)
      expect(refused.stderr.toLowerCase()).toMatch(/denied|forbidden|permission/)
    })
  })
}

describeWith(tool('helm'), 'helm, of a server that requires rights,', () => {
  it('pushes and pulls charts with a token as the password, until it is revoked', async () => {
    const at = await server()
    const folder = await temporaryFolder()
    const helm = (...args: string[]): Promise<Run> =>
      run(tool('helm'), args, { cwd: folder, env: { HOME: folder, DOCKER_CONFIG: folder } })
    await mkdir(join(folder, 'hello'))
    await writeFile(join(folder, 'hello/Chart.yaml'), 'apiVersion: v2\nname: hello\nversion: 1.2.3\n')
    expect(await helm('package', 'hello')).toMatchObject({ code: 0 })
    const push = () => helm('push', 'hello-1.2.3.tgz', `oci://${at.host}/copies`, '--plain-http')
    const pull = () =>
      helm('pull', `oci://${at.host}/copies/hello`, '--version', '1.x', '--plain-http', '-d', 'pulled')
    await mkdir(join(folder, 'pulled'))

    expect((await push()).code).not.toBe(0)
    const login = (password: string) =>
      helm('registry', 'login', at.host, '-u', 'ann', '-p', password, '--plain-http')
    expect((await login('wrong')).code).not.toBe(0)
    expect(await login(at.text)).toMatchObject({ code: 0 })
    const pushed = await push()
    expect(pushed.code, pushed.stderr).toBe(0)
    const pulled = await pull()
    expect(pulled.code, pulled.stderr).toBe(0)
    await revokeToken(at.access, at.ann, at.token.id, null)
    expect((await pull()).code).not.toBe(0)
  })
})

const consumer = tool('consumer')

describeWith(consumer, 'GitOps tools, of a server that requires rights,', () => {
  async function deployer() {
    const at = await server()
    const folder = await temporaryFolder()
    let runs = 0
    const deploy = async (repository: string, args: string[]): Promise<number> => {
      const reference = ['-url', `${at.host}/${repository}/app`, '-out', join(folder, `${runs++}`)]
      return (await run(consumer, [...args, ...reference])).code
    }
    return { ...at, folder, deploy }
  }

  it('Flux deploys with the token in a Secret, and without one only what is public', async () => {
    const at = await deployer()
    const secret = join(at.folder, 'secret.yaml')
    const auths = { [at.host]: { username: 'flux', password: at.text } }
    await writeFile(
      secret,
      `apiVersion: v1
kind: Secret
metadata:
  name: pkgserver
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: ${Buffer.from(JSON.stringify({ auths })).toString('base64')}
`,
    )
    for (const range of [
      ['flux', '-tag', 'latest'],
      ['flux', '-semver', '>=1.0.0'],
    ]) {
      expect(await at.deploy('open', range)).toBe(0)
      expect(await at.deploy('private', range)).toBe(1)
      for (const name of ['open', 'private'])
        expect(await at.deploy(name, [...range, '-secret', secret])).toBe(0)
    }
    await revokeToken(at.access, at.ann, at.token.id, null)
    expect(await at.deploy('private', ['flux', '-secret', secret])).toBe(1)
  })

  it('Argo CD deploys with the token as the password, and without one only what is public', async () => {
    const { deploy, text } = await deployer()
    const newest = ['argocd', '-revision', '>=1.0.0']
    expect(await deploy('open', newest)).toBe(0)
    expect(await deploy('private', newest)).toBe(1)
    expect(await deploy('private', [...newest, '-username', 'any', '-password', text])).toBe(0)
  })

  it('Config Sync, which has no credentials to send, deploys what is public', async () => {
    const { deploy } = await deployer()
    const newest = ['configsync', '-tag', 'latest']
    expect(await deploy('open', newest)).toBe(0)
    expect(await deploy('private', newest)).toBe(1)
  })
})
