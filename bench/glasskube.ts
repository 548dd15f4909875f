/**
 * GETs of the files that each cluster with Glasskube asks for every few minutes, without rights and with a token, beside
 * nginx with one process that has the same files in a folder.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Peer, startServerProcess } from '../test/support/peers/server-process.ts'
import { tool } from '../test/support/program.ts'
import { BenchClient } from './client.ts'
import { startServer } from './server.ts'
import type { Row } from './statistics.ts'
import { CONNECTIONS, hasWrk, requestsPerSecond } from './wrk.ts'

const SECONDS = 5
const RUNS = 5
const GOAL = 2000
/** As many as most packages of the central repository have at most. */
const VERSIONS = 50

const TREE = '/glasskube/bench'
const PATHS = [`${TREE}/app/versions.yaml`, `${TREE}/app/v1.${VERSIONS - 1}.0+1/package.yaml`]

/** Of the median size in the central repository. */
const MANIFEST = `name: app\ndefaultNamespace: app\nlongDescription: ${'A package of usual size. '.repeat(46)}\n`

type Contestant = { name: string; base: string; authorization?: string; goal?: number }

export async function benchGlasskube(): Promise<Row[]> {
  if (!(await hasWrk('files for Glasskube'))) return []
  const open = await startServer()
  const guarded = await startServer(undefined, ['--auth', 'required'])
  let nginx: Peer | undefined
  try {
    const authorization = `Bearer ${(await readFile(join(guarded.data, 'bootstrap-token'), 'utf8')).trim()}`
    const contestants: Contestant[] = [
      { name: 'without rights', base: `http://127.0.0.1:${open.port}`, goal: GOAL },
      { name: 'with a token', base: `http://127.0.0.1:${guarded.port}`, authorization, goal: GOAL },
    ]
    await publish(open.port)
    await publish(guarded.port, authorization)
    nginx = await startNginx(contestants[0]?.base ?? '')
    if (nginx) contestants.push({ name: 'from nginx', base: nginx.url.origin })
    return await measure(contestants)
  } finally {
    await nginx?.stop()
    await open.stop()
    await guarded.stop()
  }
}

/** In turn, as the machine may be faster at one time than at another. */
async function measure(contestants: readonly Contestant[]): Promise<Row[]> {
  const rows = PATHS.flatMap((path) =>
    contestants.map(({ name, base, authorization, goal }) => {
      const what = `GET of ${path.split('/').at(-1)}, ${CONNECTIONS} connections, ${name}`
      const runs: number[] = []
      return { url: base + path, authorization, row: { what, unit: '/s', runs, ...(goal && { goal }) } }
    }),
  )
  for (let run = 0; run <= RUNS; run++) {
    for (const { url, authorization, row } of rows) {
      const rate = await requestsPerSecond(url, { seconds: SECONDS, authorization })
      if (run > 0) row.runs.push(rate)
    }
  }
  return rows.map(({ row }) => row)
}

async function publish(port: number, authorization?: string): Promise<void> {
  const client = new BenchClient(port, 1)
  const post = (path: string, body?: object) => client.post(`/api/v1${path}`, body, authorization)
  await post('/repositories', { name: 'bench', type: 'catalog', format: 'glasskube' })
  for (let minor = 0; minor < VERSIONS; minor++) {
    await post('/packagerevisions', {
      repository: 'bench',
      package: 'app',
      workspace: `v${minor}`,
      version: `1.${minor}.0+1`,
      source: { resources: { 'package.yaml': MANIFEST } },
    })
    await post(`/packagerevisions/bench.app.v${minor}/propose`)
    await post(`/packagerevisions/bench.app.v${minor}/approve`)
  }
  client.close()
}

/** Starts nginx with the files of a server; undefined if it is not installed. */
async function startNginx(base: string): Promise<Peer | undefined> {
  const program = tool('nginx', "Debian's apt-get installs it.")
  if (!program.found) {
    console.error(`SKIPPED: the comparison with nginx. ${program.missing}`)
    return undefined
  }
  return startServerProcess(program, async (port, folder) => {
    for (const path of PATHS) {
      const file = join(folder, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, await (await fetch(base + path)).text())
    }
    const config = join(folder, 'nginx.conf')
    await writeFile(config, nginxConfig(port, folder))
    return { args: ['-p', folder, '-e', join(folder, 'error.log'), '-c', config], ready: PATHS[0] ?? '/' }
  })
}

/** As Debian has it, but with one process, and in the foreground. */
function nginxConfig(port: number, folder: string): string {
  return `daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`
}
