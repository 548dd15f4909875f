import { describe, expect, it } from 'vitest'
import { formatFieldPath } from '../../../src/domain/krm/field-path.ts'
import type { JsonValue } from '../../../src/domain/krm/json-value.ts'
import { keyedItems } from '../../../src/domain/krm/list-items.ts'
import type { ListType } from '../../../src/domain/krm/list-types.ts'

/** Returns the notation of each item, by version. */
const steps = (type: ListType, ...versions: JsonValue[][]) =>
  keyedItems(versions, type)?.map((items) => items.map(({ step }) => formatFieldPath([step])))

describe('keyedItems', () => {
  it('tells the items of a set apart by type', () => {
    const items = [true, 'true', 1, '1', 12345678901234567890n, '12345678901234567890', null, 'null', 'a b']
    expect(steps({ type: 'set' }, items)).toEqual([
      [
        '[=true]',
        '[="true"]',
        '[=1]',
        '[="1"]',
        '[=12345678901234567890]',
        '[="12345678901234567890"]',
        '[=null]',
        '[="null"]',
        '[="a b"]',
      ],
    ])
    expect(steps({ type: 'set' }, ['a', 'a'])).toBeUndefined()
    expect(steps({ type: 'set' }, [Number.POSITIVE_INFINITY])).toBeUndefined()
    expect(steps({ type: 'set' }, [['a']])).toBeUndefined()
  })

  it('tells the items of a map apart by type, and applies defaults', () => {
    const type: ListType = { type: 'map', keys: ['id', 'kind'], defaults: { kind: 'x' } }
    expect(steps(type, [{ id: 1 }, { id: '1' }, { id: '1', kind: 'y' }])).toEqual([
      ['[id=1,kind=x]', '[id="1",kind=x]', '[id="1",kind=y]'],
    ])
    expect(steps(type, [{ id: 1 }, { id: 1, kind: 'x' }])).toBeUndefined()
    expect(steps(type, [{ id: 1 }], [{}])).toBeUndefined()
  })

  const functions: ListType = { type: 'functions' }

  it('identifies functions by image, and by more only where an image is there twice', () => {
    expect(steps(functions, [{ image: 'a:v1', name: 'x' }, { exec: 'b.sh' }], [{ image: 'a' }])).toEqual([
      ['[image=a]', '[exec=b.sh]'],
      ['[image=a]'],
    ])
    const twice: JsonValue[] = [{ image: 'a:v1', name: 'x' }, { image: 'a:v2' }, { image: 'b:v1', name: 'y' }]
    expect(steps(functions, twice, [{ image: 'b:v2' }])).toEqual([
      ['[image=a,name=x]', '[image=a,name=null]', '[image=b]'],
      ['[image=b]'],
    ])
    const paths = [
      { image: 'a', name: 'x', configPath: 'p' },
      { image: 'a', name: 'x', configPath: 'q' },
    ]
    expect(steps(functions, paths)).toEqual([['[image=a,configPath=p]', '[image=a,configPath=q]']])
    expect(steps(functions, [{ image: 'a' }, { image: 'a' }])).toBeUndefined()
    expect(steps(functions, [{ name: 'x' }])).toBeUndefined()
  })

  it('identifies a function by name if its image was replaced', () => {
    const [old, now] = [
      { image: 'old:v1', name: 'x' },
      { image: 'now:v1', name: 'x' },
    ]
    expect(steps(functions, [old], [now])).toEqual([['[name=x]'], ['[name=x]']])
    // Other functions have that image, so the name says less than the image.
    expect(steps(functions, [old], [now, { image: 'old:v2' }])).toEqual([
      ['[image=old]'],
      ['[image=now]', '[image=old]'],
    ])
  })

  it('identifies the items of a list of objects by identity, and equal ones by likeness', () => {
    const job = (n: number) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { generateName: 'a-' },
      x: n,
      y: n,
      z: n,
    })
    const keys = (...versions: JsonValue[][]) =>
      keyedItems(versions, { type: 'objects', of: undefined })?.map((items) => items.map(({ key }) => key))
    const [[one, two, map] = [], [again] = []] =
      keys(
        [job(1), job(2), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }],
        [{ ...job(2), more: 1 }],
      ) ?? []
    expect(new Set([one, two, map]).size).toBe(3)
    expect(again).toBe(two)
    expect(keys([job(1), { kind: 'Job' }])).toBeUndefined()
    expect(
      keyedItems([[{ metadata: { name: 'a' } }]], { type: 'objects', of: { group: '', kind: 'ConfigMap' } }),
    ).toMatchObject([[{ identity: { group: '', kind: 'ConfigMap', name: 'a' } }]])
  })
})
