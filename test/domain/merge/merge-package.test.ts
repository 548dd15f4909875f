/** The strategies of `kpt pkg update`. */
import { expect, it } from 'vitest'
import { mergePackage } from '../../../src/domain/merge/merge-package.ts'
import type { MergeStrategy } from '../../../src/domain/merge/strategy.ts'
import { filesOf, type Texts, textsOf } from '../../support/texts.ts'

const kptfile = (name: string, description: string, more = '') =>
  `apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: ${name}\n${more}info:\n  description: ${description}\n`
const map = (name: string, value: number) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  a: ${value}\n`
const UPSTREAM = 'upstream:\n  type: git\n  git: {ref: v1}\n'

const original = {
  Kptfile: kptfile('upf', 'one'),
  'a.yaml': map('a', 1),
  'gone.yaml': map('gone', 1),
  'r.md': 'one\n',
}
const upstream = {
  Kptfile: kptfile('upf', 'two'),
  'a.yaml': map('a', 2),
  'new.yaml': map('new', 1),
  'r.md': 'two\n',
}
const clone = { ...original, Kptfile: kptfile('mine', 'one', UPSTREAM) }
const edited = { ...clone, 'a.yaml': map('a', 7), 'own.yaml': map('own', 1), 'r.md': 'mine\n' }

function mergedWith(strategy: MergeStrategy, local: Texts) {
  const {
    resources,
    executables: _,
    ...rest
  } = mergePackage({
    original: filesOf(original),
    local: filesOf(local),
    upstream: filesOf(upstream),
    strategy,
    prefer: 'local',
  })
  return { files: textsOf(resources), ...rest }
}

const taken = { ...upstream, Kptfile: kptfile('mine', 'two', UPSTREAM) }

it.each(['resource-merge', 'fast-forward', 'force-delete-replace', 'copy-merge'] as const)(
  '%s takes all of upstream if nothing was edited, except the name and the upstream',
  (strategy) => {
    expect(mergedWith(strategy, clone)).toEqual({ files: taken, conflicts: [], modified: [] })
  },
)

it('resource-merge keeps local changes, and reports what both sides changed', () => {
  const { files, conflicts } = mergedWith('resource-merge', edited)
  expect(files).toEqual({ ...taken, 'a.yaml': map('a', 7), 'own.yaml': map('own', 1), 'r.md': 'mine\n' })
  expect(conflicts.map(({ path, field }) => `${path} ${field}`).sort()).toEqual([
    'a.yaml data.a',
    'r.md lines 1',
  ])
})

it('fast-forward names the files with local changes', () => {
  expect(mergedWith('fast-forward', edited).modified.sort()).toEqual(['a.yaml', 'own.yaml', 'r.md'])
  expect(mergedWith('fast-forward', { ...clone, Kptfile: kptfile('mine', 'other') }).modified).toEqual([
    'Kptfile',
  ])
  const { Kptfile: _, ...without } = clone
  expect(mergedWith('fast-forward', without).modified).toEqual(['Kptfile'])
})

it('force-delete-replace drops local changes outside the Kptfile', () => {
  expect(mergedWith('force-delete-replace', edited)).toEqual({ files: taken, conflicts: [], modified: [] })
})

it('copy-merge overwrites local files, and keeps those that upstream never had', () => {
  const files = { ...taken, 'own.yaml': map('own', 1) }
  expect(mergedWith('copy-merge', edited)).toEqual({ files, conflicts: [], modified: [] })
})
