import { expect, it } from 'vitest'
import { manifestLinks } from '../../../src/domain/glasskube/manifest-links.ts'

it('manifestLinks keeps what others need of a manifest', () => {
  expect(
    manifestLinks({
      name: 'foo',
      defaultNamespace: 'foo-system',
      scope: 'Namespaced',
      shortDescription: 'short',
      longDescription: 'long',
      iconUrl: 'https://example.com/icon.png',
      dependencies: [{ name: 'bar', version: '1.x' }, { name: 'baz' }],
      components: [{ name: 'redis', installedName: 'cache', version: '^1', values: { a: { value: 'b' } } }],
    }),
  ).toEqual({
    dependencies: [{ name: 'bar', version: '1.x' }, { name: 'baz' }],
    components: [{ name: 'redis', installedName: 'cache', version: '^1' }],
    scope: 'Namespaced',
    defaultNamespace: 'foo-system',
    shortDescription: 'short',
    iconUrl: 'https://example.com/icon.png',
  })
})

it('manifestLinks takes empty texts for missing ones, as clients do', () => {
  expect(
    manifestLinks({
      name: 'foo',
      defaultNamespace: '',
      iconUrl: '',
      dependencies: [{ name: 'bar', version: '' }],
      components: [{ name: 'redis', installedName: '' }],
    }),
  ).toStrictEqual({
    dependencies: [{ name: 'bar' }],
    components: [{ name: 'redis' }],
    defaultNamespace: '',
  })
})
