import { describe, expect, it } from 'vitest'
import { type Contents, contentsOf, MAX_OBJECTS } from '../../src/domain/contents.ts'
import { imageReference } from '../../src/domain/image-reference.ts'
import { phraseOf, phrasesOf } from '../../src/domain/search-words.ts'
import { readYamlFile } from '../../src/domain/validation/yaml-file.ts'

function contents(text: string): Contents {
  return contentsOf([['a.yaml', readYamlFile(Buffer.from(text))]])
}

describe('the images of a file', () => {
  const images = (text: string) => contents(text).images.map(({ reference }) => reference)

  it('stand in lists of containers, wherever these are', () => {
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

  it('may be named by an alias, and be no text at all', () => {
    expect(images('x: &i nginx\nspec: {containers: [{image: *i}, {image: 1}, {image: }, text]}')).toEqual([
      'nginx',
    ])
  })

  it('are found in files as deep as they can be read', () => {
    const depth = 500
    expect(images(`${'{a: '.repeat(depth)}{containers: [{image: x}]}${'}'.repeat(depth)}`)).toEqual(['x'])
  })
})

describe('a reference of an image', () => {
  it.each([
    ['nginx', 'nginx', 'nginx'],
    ['docker.io/library/nginx:1', 'nginx:1', 'nginx'],
    ['index.docker.io/grafana/loki', 'grafana/loki', 'grafana/loki'],
    ['localhost:5000/a/b', 'localhost:5000/a/b', 'localhost:5000/a/b'],
    ['localhost:5000/a:1@sha256:00', 'localhost:5000/a:1@sha256:00', 'localhost:5000/a'],
  ])('%s is %s of %s', (text, reference, repository) => {
    expect(imageReference(text)).toEqual({ reference, repository })
  })
})

describe('words', () => {
  it('are letters and digits, in small letters', () => {
    expect(phraseOf('The User-Plane, v1.2')).toBe(' the user plane v1 2')
    expect(phrasesOf('nf/u  %  Größe')).toEqual([' nf u', ' größe'])
  })

  it('come from kinds, names, descriptions and keywords, each once', () => {
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

it('a package has no more in the index than others together', () => {
  const { objects, words } = contents('{kind: A, metadata: {name: x}}\n---\n'.repeat(MAX_OBJECTS + 10))
  expect(objects).toHaveLength(MAX_OBJECTS)
  expect(words.length).toBeLessThan(16 * 1024)
})
