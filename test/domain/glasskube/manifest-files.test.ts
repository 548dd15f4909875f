import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { manifestFiles } from '../../../src/domain/glasskube/manifest-files.ts'

function found(...urls: unknown[]) {
  return manifestFiles(Buffer.from(stringify({ name: 'a', manifests: urls.map((url) => ({ url })) })))
}

it('resolves references as Glasskube does', () => {
  expect(found('./manifest.yaml', 'manifest.yaml', 'crds/a.yaml', 'a%20b.yaml', 'c.yaml#top')).toEqual({
    paths: ['manifest.yaml', 'crds/a.yaml', 'a b.yaml', 'c.yaml'],
    outside: [],
  })
  expect(found('https://example.com/a.yaml', 'oci://example.com/a', '//example.com/a')).toEqual({
    paths: [],
    outside: [],
  })
})

it.each([
  '../manifest.yaml',
  '/manifest.yaml',
  'a/../../b.yaml',
  '%2e%2e/manifest.yaml',
  '..%2fmanifest.yaml',
  'a%2f..%2f..%2fb.yaml',
  'a.yaml?x=1',
  '.',
  'a//b.yaml',
  'a%00.yaml',
  'a%zz.yaml',
  'x\\..\\..\\y.yaml',
  'http://tree.invalid/package/other/a.yaml',
])('takes %j for a place outside of the version', (url) => {
  expect(found(url)).toEqual({ paths: [], outside: [url] })
})

it('follows a bounded number of references', () => {
  const urls = Array.from({ length: 150 }, (_, at) => `${at}.yaml`)
  const { paths, outside } = found(...urls)
  expect([paths.length, outside.length]).toEqual([100, 50])
})

it.each(['', 'manifests: 1\n', 'manifests: [1, {url: 2}, null]\n', '[', 'manifests: {url: a}\n'])(
  'finds nothing in %j',
  (text) => {
    expect(manifestFiles(Buffer.from(text))).toEqual({ paths: [], outside: [] })
  },
)
