/** The table of Glasskube's graph_test.go, and what its functions promise beyond that. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Budget } from '../../../../src/domain/glasskube/resolution/budget.ts'
import { DependencyGraph } from '../../../../src/domain/glasskube/resolution/graph.ts'
import type { PackageRef } from '../../../../src/domain/glasskube/resolution/problem.ts'
import { loose, range } from '../../../support/glasskube-versions.ts'

let graph: DependencyGraph

beforeEach(() => {
  graph = new DependencyGraph(new Budget(1_000_000))
})

const FOO = { name: 'foo' }
const FOO_IN_DEFAULT = { name: 'foo', namespace: 'default' }
const BAR = { name: 'bar' }
const BAZ = { name: 'baz' }

/** Installs a package in version v1.0.0. */
function add(ref: PackageRef, needs: Record<string, string>, manual = true): void {
  const edges = Object.entries(needs).map(([name, text]) => [
    graph.vertex({ name }),
    text ? range(text) : undefined,
  ])
  graph.add(graph.vertex(ref), loose('v1.0.0'), new Map(edges as []), manual)
}

const installed = () => [...graph.vertices].flatMap(({ ref, version }) => (version ? ref.name : [])).sort()
const pairs = () => graph.violations().map(({ from, to }) => `${from.ref.name} -> ${to.ref.name}`)

describe('violations', () => {
  it('are none in an empty graph', () => expect(graph.violations()).toEqual([]))

  it('are none without dependencies', () => {
    add(FOO, {})
    expect(graph.violations()).toEqual([])
  })

  describe.each([
    ['a package for the cluster', FOO],
    ['a package in a namespace', FOO_IN_DEFAULT],
  ])('of %s', (_, ref) => {
    it.each([
      ['', []],
      ['1.x.x', []],
      ['1.1.x', ['foo -> bar']],
    ])('that needs bar v1.0.0 in %j are %j', (text, violated) => {
      add(ref, { bar: text })
      add(BAR, {}, false)
      expect(pairs()).toEqual(violated)
    })

    it('are found if what it needs is absent', () => {
      add(ref, { bar: '' })
      expect(pairs()).toEqual(['foo -> bar'])
    })
  })
})

describe('remove', () => {
  it('clears all properties', () => {
    add(FOO, { bar: '' })
    const foo = graph.vertex(FOO)
    graph.remove(foo)
    expect(foo).toMatchObject({ version: undefined, manual: false })
    expect(foo.needs.size).toBe(0)
    expect(graph.vertex(BAR).dependants.size).toBe(0)
  })
})

describe('prune', () => {
  it('removes what no package needs', () => {
    add(BAR, {}, false)
    graph.prune()
    expect(installed()).toEqual([])
  })

  it('removes what only such packages need', () => {
    add(BAR, {}, false)
    add(FOO, { bar: '' }, false)
    graph.prune()
    expect(installed()).toEqual([])
  })

  it('removes what a removed package needed', () => {
    add(FOO, { bar: '' })
    add(BAR, {}, false)
    add(BAZ, {}, true)
    graph.prune()
    expect(installed()).toEqual(['bar', 'baz', 'foo'])
    graph.remove(graph.vertex(FOO))
    graph.prune()
    expect(installed()).toEqual(['baz'])
  })

  it('keeps a cycle, as Glasskube does', () => {
    add(FOO, { bar: '' }, false)
    add(BAR, { foo: '' }, false)
    graph.prune()
    expect(installed()).toEqual(['bar', 'foo'])
  })
})

describe('highest', () => {
  const highest = (versions: string[]) => graph.highest(graph.vertex(BAR), versions.map(loose))?.text

  it.each([
    ['>= 1.0.0, < 1.1.2', '>= 1.1.0', [], undefined],
    ['>= 1.0.0, < 1.1.1', '>= 1.1.0', ['1.0.0', '1.1.1', '1.2.0', '2.0.0'], undefined],
    ['>= 1.0.0, < 1.1.1', '>= 1.1.0', ['1.0.0', '1.1.0', '1.1.1', '1.2.0', '2.0.0'], '1.1.0'],
    ['>= 1.0.0, < 1.1.1', '>= 1.1.0', ['1.0.0', '1.1.0+1', '1.1.0+2', '1.1.1', '1.2.0', '2.0.0'], '1.1.0+2'],
    [
      '>= 1.0.0, < 1.1.1',
      '<= 1.1.0+1',
      ['1.0.0', '1.1.0+1', '1.1.0+2', '1.1.1', '1.2.0', '2.0.0'],
      '1.1.0+2',
    ],
    ['', '', ['1.0.0', '2.0.0-rc.1'], '2.0.0-rc.1'],
    ['', '', ['1.0.0+10', '1.0.0+9', '1.0.0'], '1.0.0+10'],
  ])('in %j and %j of %j is %s', (first, second, versions, expected) => {
    add(FOO, { bar: first })
    add(BAZ, { bar: second })
    expect(highest(versions)).toBe(expected)
  })

  it('heeds the ranges of what is installed alone', () => {
    add(FOO, { bar: '1.2.x' })
    add(FOO_IN_DEFAULT, { bar: '1.x.x' })
    add(BAZ, { bar: '' })
    expect(graph.vertex(BAR).dependants.size).toBe(3)
    expect(highest(['1.1.0', '1.2.0', '1.3.0'])).toBe('1.2.0')
    graph.remove(graph.vertex(FOO))
    expect(highest(['1.1.0', '1.2.0', '1.3.0'])).toBe('1.3.0')
  })
})

describe('vertex', () => {
  it('tells apart packages by namespace and instance', () => {
    const refs = [
      FOO,
      FOO_IN_DEFAULT,
      { ...FOO_IN_DEFAULT, instance: 'mine' },
      { ...FOO_IN_DEFAULT, namespace: 'other' },
    ]
    expect(new Set(refs.map((ref) => graph.vertex(ref))).size).toBe(4)
    expect(graph.vertex({ ...FOO_IN_DEFAULT, instance: 'foo' })).toBe(graph.vertex(FOO_IN_DEFAULT))
  })
})
