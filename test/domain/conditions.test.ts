import { describe, expect, it } from 'vitest'
import { closedGates, replaceClientConditions } from '../../src/domain/conditions.ts'

const valid = { type: 'Valid', status: 'True', reason: 'Valid', message: '' } as const
const scanned = { type: 'Scanned', status: 'True', reason: 'Clean', message: '' } as const

describe('replaceClientConditions', () => {
  it('keeps the conditions of the server', () => {
    expect(replaceClientConditions([valid, scanned], [])).toEqual([valid])
    expect(replaceClientConditions([valid], [scanned])).toEqual([valid, scanned])
  })

  it('accepts conditions of the server only if they are unchanged', () => {
    expect(replaceClientConditions([valid], [valid, scanned])).toEqual([valid, scanned])
    expect(() => replaceClientConditions([valid], [{ ...valid, status: 'False' }])).toThrow(
      /set by the server only/,
    )
    expect(() => replaceClientConditions([], [valid])).toThrow(/set by the server only/)
  })
})

describe('closedGates', () => {
  it('returns the gates whose condition is not True', () => {
    const gates = [{ conditionType: 'Scanned' }, { conditionType: 'Tested' }, { conditionType: 'Priced' }]
    const priced = { type: 'Priced', status: 'Unknown', reason: '', message: 'asked' } as const
    expect(closedGates(gates, [scanned, priced])).toEqual([
      { conditionType: 'Tested', status: 'missing', message: '' },
      { conditionType: 'Priced', status: 'Unknown', message: 'asked' },
    ])
  })
})
