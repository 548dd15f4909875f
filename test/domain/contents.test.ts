import { describe, expect, it } from 'vitest'
import { type Contents, contentsOf, MAX_OBJECTS } from '../../src/domain/contents.ts'
import { imageReference } from '../../src/domain/image-reference.ts'
import { phraseOf, phrasesOf } from '../../src/domain/search-words.ts'
import { readYamlFile } from '../../src/domain/validation/yaml-file.ts'

function contents(text: string): Contents {
  return contentsOf([['a.yaml', readYamlFile(Buffer.from(text))]])
}

describe('contentsOf', () => {
  const images = (text: string) => contents(text).images.map(({ reference }) => reference)

  it('finds images in lists of containers at any depth', () => {
    const text = `spec:
  image: no
  jobTemplate:
    spec:
      template:
        spec:
          initContainers: [{image: a}]
          containers: [{name: x, image: b:1}, {image: b:1}]
          ephemeralContainers: [{image: "c@sha256:0"}]
  containers: {image: no}
  other: [{image: no}]
`
    expect(images(text)).toEqual(['a', 'b:1', 'c@sha256:0'])
  })

  it('resolves an alias of an image, and skips an image that is not text', () => {
    expect(images('x: &i nginx\nspec: {containers: [{image: *i}, {image: 1}, {image: }, text]}')).toEqual([
      'nginx',
    ])
  })

  it('finds images in the most deeply nested files', () => {
    const depth = 500
    expect(images(`${'{a: '.repeat(depth)}{containers: [{image: x}]}${'}'.repeat(depth)}`)).toEqual(['x'])
  })
})

describe('imageReference', () => {
  it.each([
    ['nginx', 'nginx', 'nginx'],
    ['docker.io/library/nginx:1', 'nginx:1', 'nginx'],
    ['index.docker.io/grafana/loki', 'grafana/loki', 'grafana/loki'],
    ['localhost:5000/a/b', 'localhost:5000/a/b', 'localhost:5000/a/b'],
    ['localhost:5000/a:1@sha256:00', 'localhost:5000/a:1@sha256:00', 'localhost:5000/a'],
  ])('shortens %s to %s, in the repository %s', (text, reference, repository) => {
    expect(imageReference(text)).toEqual({ reference, repository })
  })
})

describe('phraseOf and contentsOf', () => {
  it('splits a text into runs of letters and digits, in lower case', () => {
    expect(phraseOf('The User-Plane, v1.2')).toBe(' the user plane v1 2')
    expect(phrasesOf('nf/u  %  Größe')).toEqual([' nf u', ' größe'])
  })

  it('takes words from kinds, names, descriptions and keywords, each once', () => {
    const text = `apiVersion: kpt.dev/v1
kind: Kptfile
metadata: {name: x}
info: {description: A b, keywords: [c, 1]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: my-map}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: my-map}}
`
    expect(contents(text).words.split('\n')).toEqual([
      '',
      ' kptfile x',
      ' kptfile',
      ' configmap my map',
      ' config map',
      ' a b',
      ' c',
    ])
  })
})

it('limits the objects and words of a package', () => {
  const { objects, words } = contents('{kind: A, metadata: {name: x}}\n---\n'.repeat(MAX_OBJECTS + 10))
  expect(objects).toHaveLength(MAX_OBJECTS)
  expect(words.length).toBeLessThan(16 * 1024)
})
