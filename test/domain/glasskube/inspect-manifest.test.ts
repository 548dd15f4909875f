import { describe, expect, it } from 'vitest'
import { inspectManifest } from '../../../src/domain/glasskube/inspect-manifest.ts'
import { manifest } from '../../support/glasskube.ts'

function inspect(files: Record<string, string>, name?: string) {
  const resources = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]))
  return inspectManifest(resources, name)
}

const withUrls = (...urls: string[]) => manifest('store', { manifests: urls.map((url) => ({ url })) })

describe('the manifest of a package', () => {
  it('must have the files beside it that it refers to', () => {
    const files = {
      'package.yaml': withUrls('./a.yaml', 'b/c.yaml', 'https://example.com/d.yaml'),
      'a.yaml': '',
    }
    expect(inspect(files, 'store').errors).toEqual([
      {
        path: 'package.yaml',
        message: 'manifests has the URL of b/c.yaml, which is not among the files of the package: add it',
      },
    ])
  })

  it('gets a warning for a URL that leads out of the version', () => {
    const { errors, warnings } = inspect({ 'package.yaml': withUrls('../shared.yaml') }, 'store')
    expect(errors).toEqual([])
    expect(warnings).toMatchObject([{ message: expect.stringContaining('../shared.yaml, which leads out') }])
  })

  it('is missing in a package without one, which only matters where it is needed', () => {
    expect(inspect({}, 'store').errors).toHaveLength(1)
    expect(inspect({})).toEqual({ links: null, errors: [], warnings: [] })
  })

  it('is read where it is not needed, too, and nothing is wrong with it', () => {
    const found = inspect({ 'package.yaml': manifest('other', { dependencies: [{ name: 'db' }] }) })
    expect(found).toMatchObject({ links: { dependencies: [{ name: 'db' }] }, errors: [], warnings: [] })
    expect(inspect({ 'package.yaml': 'kind: Package' })).toEqual({ links: null, errors: [], warnings: [] })
  })
})
