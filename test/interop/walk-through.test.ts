/** The commands of docs/upgrades.md and docs/glasskube.md work as printed, and answer what the pages show. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderServer } from '../support/app.ts'
import { tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { describeWith } from './tool.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Returns the code blocks of a page in one language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    (match) => match[1] ?? '',
  )
}

/** Runs a bash script that must succeed, and returns its output. */
function bash(script: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', ['-euo', 'pipefail'], { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    shell.stdout.on('data', (chunk) => (stdout += chunk))
    shell.stderr.on('data', (chunk) => (stderr += chunk))
    shell.on('error', reject)
    shell.on('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(stdout + stderr))))
    shell.stdin.end(script)
  })
}

describeWith(tool('jq'), 'the walk-through of docs/upgrades.md', () => {
  it('prints what the page shows', async () => {
    const { url, client } = await folderServer()
    const page = await readFile(join(ROOT, 'docs/upgrades.md'), 'utf8')
    await client.createRepository()
    const example = `tar -cz -C ${join(ROOT, 'examples/hello-web')} .`
    const query = 'repository=blueprints&package=web/hello&workspace=first'
    const post = `curl -sS --fail-with-body '${url}api/v1/packagerevisions?${query}' -H 'Content-Type: application/gzip' --data-binary @-`
    const folder = await temporaryFolder()
    await bash(`${example} | ${post}`, folder)
    await client.verb('blueprints.web.hello.first', 'propose')
    await client.verb('blueprints.web.hello.first', 'approve')
    const printed = await bash(
      blocks(page, 'sh').join('').replace('http://localhost:8080/', url.href),
      folder,
    )
    for (const answer of [...blocks(page, 'json'), ...blocks(page, 'diff')]) expect(printed).toContain(answer)
  })
})

describeWith(tool('jq'), 'the walk-through of docs/glasskube.md', () => {
  it('prints what the page shows', async () => {
    const { url } = await folderServer()
    const page = await readFile(join(ROOT, 'docs/glasskube.md'), 'utf8')
    const printed = await bash(
      blocks(page, 'sh').join('').replaceAll('http://localhost:8080/', url.href),
      ROOT,
    )
    const answers = [...page.matchAll(/^```sh\n(?:[^`]|`(?!``))*^```\n\n```\w+\n(.*?)^```$/gms)]
    expect(answers).toHaveLength(6)
    for (const [, answer = ''] of answers) expect(printed).toContain(answer.trimEnd())
  })
})
