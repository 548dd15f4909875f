import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { KeyedLock } from '../../src/core/keyed-lock.ts'
import { nextMillisecond } from '../support/until.ts'

describe('KeyedLock', () => {
  it('runs the work for a key one at a time, in the order of the calls', async () => {
    const lock = new KeyedLock()
    const steps: string[] = []
    const work = (name: string, turns: number) => async () => {
      steps.push(`${name} begins`)
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      steps.push(`${name} ends`)
    }
    await Promise.all([
      lock.run('k', work('a', 20)),
      lock.run('k', work('b', 5)),
      lock.run('k', work('c', 0)),
    ])
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  it('runs the work for different keys at the same time', async () => {
    const lock = new KeyedLock()
    let release = () => {}
    const held = lock.run('a', () => new Promise<void>((resolve) => (release = resolve)))
    expect(await lock.run('b', async () => 'done')).toBe('done')
    release()
    await held
  })

  it('reports the start of the longest-running work', async () => {
    const lock = new KeyedLock()
    expect(lock.workingSince).toBeUndefined()
    let release = () => {}
    const begun = Date.now()
    const held = lock.run('a', () => new Promise<void>((resolve) => (release = resolve)))
    const since = lock.workingSince
    expect(since).toBeGreaterThanOrEqual(begun)
    await nextMillisecond()
    await lock.run('b', async () => expect(lock.workingSince).toBe(since))
    const waited = lock.run('a', async () => expect(lock.workingSince).toBeGreaterThan(since as number))
    release()
    await Promise.all([held, waited])
    expect(lock.workingSince).toBeUndefined()
  })

  it('goes on after a failure, which reaches only its own caller', async () => {
    const lock = new KeyedLock()
    const failing = lock.run('k', async () => {
      throw new Error('no')
    })
    const next = lock.run('k', async () => 'fine')
    await expect(failing).rejects.toThrow('no')
    expect(await next).toBe('fine')
  })
})
