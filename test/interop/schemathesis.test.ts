/** Requests that schemathesis generates from the API document: the server answers each as documented. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Client } from '../support/client.ts'
import { runJob } from '../support/jobs.ts'
import { startServer } from '../support/process.ts'
import { tool } from '../support/program.ts'
import { sizeOf } from '../support/sizes.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { describeWith, type Run } from './tool.ts'

const schemathesis = tool('schemathesis', 'test/interop/install-tools.sh installs it.')
const SECONDS = sizeOf('SCHEMATHESIS', 60)
const SEED = sizeOf('SEED', Math.floor(Math.random() * 2 ** 31))
/** SECONDS are for requests; schemathesis minimizes its findings afterwards. */
const TIMEOUT = (SECONDS * 2 + 120) * 1000

/** Checks that any server which follows its document passes. The other checks require more than that. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
]

const ROOT = join(import.meta.dirname, '../..')
const CONFIG = join(import.meta.dirname, 'schemathesis/schemathesis.toml')
const HOOKS = join(import.meta.dirname, 'schemathesis/hooks.py')

const limits = (sessions: number) => ({
  'limits.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  sessions: "${sessions}"\n`,
})

/** Creates one object of each kind, and returns their names. */
async function furnish(client: Client): Promise<object> {
  const clone = { repository: 'edge', package: 'upf' }
  await client.createRepository()
  await client.createRepository('edge', 'deployment')
  const upstream = await client.publish('ws1', { resources: limits(1) })
  const { name } = await client.createDraft('own', { clone: { upstream: upstream.name } }, clone)
  await client.ok(
    'PATCH',
    `/packagerevisions/${name}/resources`,
    { resources: limits(2) },
    { 'If-Match': '*' },
  )
  await client.verb(name, 'propose')
  await client.verb(name, 'approve')
  const newer = await client.publish('ws2', { resources: limits(3) })
  const upgrade = await client.createDraft('newer', { upgrade: {} }, clone)
  const proposed = await client.createDraft('proposed')
  await client.verb(proposed.name, 'propose')
  const { items } = await client.ok('GET', `/packagerevisions/${upgrade.name}/conflicts`)
  expect(items).not.toEqual([])
  const job = await runJob(client, '/clones', {
    upstream: newer.name,
    targets: [{ repository: 'edge', package: 'other' }],
    defaults: { workspace: 'ws1' },
  })
  const revisions = [upstream, newer, upgrade, proposed].map((revision) => revision.name)
  return {
    any: { repository: ['blueprints', 'edge'], package: ['nf/upf', 'upf'], path: ['limits.yaml', 'Kptfile'] },
    revisions: [...revisions, name],
    conflicts: items.map(({ id }: { id: string }) => id),
    jobs: [job.id],
  }
}

const ADMIN_TOKEN = 'the-token-of-an-admin-of-the-tests-0123456789'

/** A server that requires rights, with the headers of callers. */
async function start() {
  const data = await temporaryFolder()
  const tokenFile = join(data, 'admin-token')
  await writeFile(tokenFile, ADMIN_TOKEN)
  const server = await startServer(data, ['--auth', 'required', '--admin-token-file', tokenFile])
  const admin = new Client((path, init = {}) =>
    server.client.send(path, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), Authorization: `Bearer ${ADMIN_TOKEN}` },
    }),
  )
  const known = JSON.stringify(await furnish(admin))
  await admin.ok('POST', '/serviceaccounts', { name: 'reader' })
  const subject = { kind: 'serviceaccount', name: 'reader' }
  await admin.ok('POST', '/bindings', { subject, role: 'reader', repositories: ['blueprints'] })
  const { token } = await admin.ok('POST', '/serviceaccounts/reader/tokens', { name: 'test' })
  const headers = (text: string) => ['--header', `Authorization: Bearer ${text}`]
  // The reader would find its own token in a list.
  const reader = [...headers(token), '--exclude-operation-id', 'revokeToken']
  return { server, known, callers: { admin: headers(ADMIN_TOKEN), reader, anonymous: [] } }
}

/** Requests that the document allows, with existing names and values, and requests that it does not allow. */
const RUNS = [
  ['admin', 'positive'],
  ['admin', 'negative'],
  ['reader', 'positive'],
  ['anonymous', 'positive'],
] as const

describeWith(schemathesis, 'requests that schemathesis generates', () => {
  it.each(RUNS)(
    `are answered as the API document says, for ${SECONDS / RUNS.length} seconds from seed ${SEED}: %s, %s`,
    async (caller, mode) => {
      const folder = await temporaryFolder()
      const { server, known, callers } = await start()
      const args = [
        '--config-file',
        CONFIG,
        'run',
        join(ROOT, 'openapi.yaml'),
        '--url',
        server.url.href,
        '--seed',
        String(SEED),
        ...callers[caller],
      ]
      args.push('--mode', mode, '--checks', CHECKS.join(','), '--max-time', String(SECONDS / RUNS.length))
      args.push(
        '--request-timeout',
        '30',
        '--continue-on-failure',
        '--no-color',
        '--generation-database',
        'none',
      )
      // In negative tests, valid values from the hooks would look like errors that the server missed.
      const hooks: Record<string, string> =
        mode === 'positive' ? { SCHEMATHESIS_HOOKS: HOOKS, PKGSERVER_TEST_KNOWN: known } : {}
      const { code, stdout, stderr } = await generate(args, folder, hooks)
      process.stderr.write(`schemathesis, ${caller}, ${mode}: ${summaryOf(stdout)}\n`)
      const again = `PKGSERVER_TEST_SEED=${SEED} npx vitest run test/interop/schemathesis.test.ts`
      expect(code, `Again: ${again}\n${stdout}${stderr}\n${errorsOf(server.log())}`).toBe(0)
      expect(errorsOf(server.log())).toBe('')
      expect(await server.stop()).toBe(0)
    },
    TIMEOUT,
  )
})

/** Runs schemathesis in its own folder, where it leaves its state. */
function generate(args: string[], cwd: string, env: Record<string, string>): Promise<Run> {
  return new Promise((done) => {
    const options = { cwd, env: { ...process.env, ...env, NO_COLOR: '1' }, maxBuffer: 64 << 20 }
    execFile(schemathesis.path, args, options, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** Returns the counts in its output. */
function summaryOf(stdout: string): string {
  const operations = /Tested: \d+/.exec(stdout)?.[0]
  const cases = /Test cases:\s+(.*)/.exec(stdout)?.[1]
  return `operations ${operations}; cases ${cases}`
}

function errorsOf(log: string): string {
  return log
    .split('\n')
    .filter((line) => line !== '' && JSON.parse(line).level >= 50)
    .join('\n')
}
