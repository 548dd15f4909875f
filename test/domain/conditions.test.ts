import { describe, expect, it } from 'vitest'
import { closedGates, replaceClientConditions } from '../../src/domain/conditions.ts'

const valid = { type: 'Valid', status: 'True', reason: 'Valid', message: '' } as const
const scanned = { type: 'Scanned', status: 'True', reason: 'Clean', message: '' } as const

describe('conditions', () => {
  it('of the server stay when a client replaces its own', () => {
    expect(replaceClientConditions([valid, scanned], [])).toEqual([valid])
    expect(replaceClientConditions([valid], [scanned])).toEqual([valid, scanned])
  })

  it('of the server may be sent back as they are, and not otherwise', () => {
    expect(replaceClientConditions([valid], [valid, scanned])).toEqual([valid, scanned])
    expect(() => replaceClientConditions([valid], [{ ...valid, status: 'False' }])).toThrow(
      /set by the server only/,
    )
    expect(() => replaceClientConditions([], [valid])).toThrow(/set by the server only/)
  })
})

describe('readiness gates', () => {
  it('are open when the condition is True, and only then', () => {
    const gates = [{ conditionType: 'Scanned' }, { conditionType: 'Tested' }, { conditionType: 'Priced' }]
    const priced = { type: 'Priced', status: 'Unknown', reason: '', message: 'asked' } as const
    expect(closedGates(gates, [scanned, priced])).toEqual([
      { conditionType: 'Tested', status: 'missing', message: '' },
      { conditionType: 'Priced', status: 'Unknown', message: 'asked' },
    ])
  })
})
