import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommand, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const RULES = `serviceAccounts:
  - name: flux
    displayName: Flux in prod
    scope: "*"
bindings:
  - subject:
      kind: serviceaccount
      name: flux
    role: reader
    repositories:
      - team-*
issuers: []
trusts: []
reviewPolicies: []
`

it('pkgserver access writes rights to a file and applies them, with the server stopped', async () => {
  const data = await temporaryFolder()
  await (await startServer(data)).stop()
  const access = (...args: string[]) => runCommand(['access', ...args, '--data', data])
  const file = join(await temporaryFolder(), 'access.yaml')

  await writeFile(file, RULES)
  const tried = await access('apply', file, '--dry-run')
  expect(tried.output).toBe(
    'created  service account flux\ncreated  binding of reader to serviceaccount flux for team-*\nwould make 2 changes\n',
  )
  expect((await access('export', '-')).output).toBe(
    'serviceAccounts: []\nbindings: []\nissuers: []\ntrusts: []\nreviewPolicies: []\n',
  )
  expect((await access('apply', file)).output).toContain('made 2 changes')
  expect((await access('export', '-')).output).toBe(RULES)
  const copy = `${file}.copy`
  expect((await access('export', copy)).output).toContain(
    'wrote 1 service accounts, 1 bindings, 0 issuers, 0 trusts, 0 review policies',
  )
  expect(await readFile(copy, 'utf8')).toBe(RULES)
  expect((await access('apply', copy)).output).toBe('made 0 changes\n')

  await writeFile(file, RULES.replace('role: reader', 'role: emperor'))
  const refused = await access('apply', file)
  expect(refused).toMatchObject({ code: 2, log: expect.stringContaining('bindings.0.role') })
  await writeFile(file, RULES.replace('reviewPolicies: []', ''))
  expect(await access('apply', file)).toMatchObject({
    code: 2,
    log: expect.stringContaining('reviewPolicies: must be a list: write [] where there are none'),
  })
  expect((await access('export', '-', '--dry-run')).code).toBe(2)
  expect((await access('delete', file)).code).toBe(2)
  expect((await access('export', '-')).output).toBe(RULES)
})

it('pkgserver access has issuers and trusts in the file, and so has a backup', async () => {
  const data = await temporaryFolder()
  await (await startServer(data)).stop()
  const access = (...args: string[]) => runCommand(['access', ...args, '--data', data])
  const file = join(await temporaryFolder(), 'access.yaml')
  const issuers =
    '  - name: github\n    issuer: https://token.actions.githubusercontent.com\n    kind: github\n'
  const trust =
    '  - serviceAccount: flux\n    issuer: github\n    claims:\n      environment:\n        - prod\n      repository_id:\n        - "74"\n    permissions:\n      - read\n    repositories:\n      - team-*\n'
  const federated = RULES.replace('issuers: []\ntrusts: []\n', `issuers:\n${issuers}trusts:\n${trust}`)
  await writeFile(file, federated)
  expect((await access('apply', file)).output).toContain(
    'created  issuer github\ncreated  trust of flux in github for {"environment":["prod"],"repository_id":["74"]}\n',
  )
  expect((await access('export', '-')).output).toBe(federated)
  expect((await access('apply', file)).output).toBe('made 0 changes\n')

  const backup = join(await temporaryFolder(), 'backup.tar')
  expect((await runCommand(['backup', backup, '--data', data])).code).toBe(0)
  const restored = join(await temporaryFolder(), 'data')
  expect((await runCommand(['restore', backup, '--data', restored])).code).toBe(0)
  expect((await runCommand(['access', 'export', '-', '--data', restored])).output).toBe(federated)

  await writeFile(file, federated.replace('environment', 'actor'))
  expect(await access('apply', file)).toMatchObject({ code: 2, log: expect.stringContaining('environment') })
  await writeFile(file, RULES)
  expect((await access('apply', file)).output).toContain('deleted  issuer github')
  expect((await access('export', '-')).output).toBe(RULES)
})

it('pkgserver access asks the server that uses the data', async () => {
  const data = await temporaryFolder()
  await startServer(data)
  const file = join(await temporaryFolder(), 'access.yaml')
  await writeFile(file, RULES)
  const access = (...args: string[]) => runCommand(['access', ...args, '--data', data])
  expect((await access('apply', file)).output).toContain('made 2 changes')
  expect((await access('export', '-')).output).toBe(RULES)
})
