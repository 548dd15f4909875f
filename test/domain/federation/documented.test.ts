import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { DEFAULT_TOKEN_PERMISSIONS } from '../../../src/domain/access/permission.ts'
import { checkTrust } from '../../../src/domain/federation/trust.ts'

it('the guide has trusts that are allowed, and YAML that can be read', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../../docs/ci-without-secrets.md'), 'utf8')
  const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => parse(text))
  expect(blocks).toHaveLength(4)
  const trusts = [...guide.matchAll(/\{"issuer": "(\w+)", "claims":.*?\}\}/gs)]
  expect(trusts).toHaveLength(3)
  for (const [text, issuer] of trusts) {
    const { claims } = JSON.parse(text)
    const kind = ({ github: 'github', gitlab: 'gitlab', prod: 'kubernetes' } as const)[issuer ?? '']
    const rest = { audiences: [], permissions: DEFAULT_TOKEN_PERMISSIONS, repositories: ['*'] }
    expect(() => checkTrust({ claims, ...rest }, kind ?? 'other'), text).not.toThrow()
  }
})
