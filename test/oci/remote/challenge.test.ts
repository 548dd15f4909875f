import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseChallenges } from '../../../src/oci/remote/auth/challenge.ts'
import { mergeScopes, parseScopes } from '../../../src/oci/remote/auth/scopes.ts'

function plain(header: string | null) {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
}

it('parses commas and quotes in the values of a challenge', () => {
  expect(
    plain('Bearer realm="https://auth.example/t",service="a, \\"b\\"",scope="repository:x:pull,push"'),
  ).toEqual([
    ['bearer', { realm: 'https://auth.example/t', service: 'a, "b"', scope: 'repository:x:pull,push' }],
  ])
})

it('parses several challenges in one header', () => {
  expect(
    plain(
      'Negotiate, Negotiate YWJj==, BASIC Realm = "x" , bearer realm=y, service="z", Digest nonce="Basic realm=w"',
    ),
  ).toEqual([
    ['negotiate', {}],
    ['negotiate', {}],
    ['basic', { realm: 'x' }],
    ['bearer', { realm: 'y', service: 'z' }],
    ['digest', { nonce: 'Basic realm=w' }],
  ])
})

it('parses up to the first syntax error', () => {
  expect(plain(null)).toEqual([])
  expect(plain('Basic realm="x')).toEqual([['basic', {}]])
  expect(plain('realm="x"')).toEqual([])
})

it('parses every well-formed header, and terminates on any other', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
  const challenge = fc.tuple(word, fc.dictionary(word, fc.string(), { minKeys: 1 }))
  fc.assert(
    fc.property(fc.array(challenge), (challenges) => {
      const text = challenges
        .map(([scheme, values]) => {
          const pairs = Object.entries(values).map(([k, v]) => `${k}="${v.replace(/[\\"]/g, '\\$&')}"`)
          return `${scheme} ${pairs.join(', ')}`
        })
        .join(', ')
      expect(plain(text)).toEqual(challenges.map(([scheme, values]) => [scheme, { ...values }]))
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => void parseChallenges(text)))
})

it('merges scopes by resource, and drops malformed ones', () => {
  expect(
    mergeScopes([
      'repository:b:pull',
      'repository:a:push',
      'repository:host:5000/a:pull',
      'repository:a:pull,push',
    ]),
  ).toEqual(['repository:a:pull,push', 'repository:b:pull', 'repository:host:5000/a:pull'])
  expect(parseScopes('repository:a:pull nonsense registry:catalog:*')).toEqual([
    'repository:a:pull',
    'registry:catalog:*',
  ])
})
