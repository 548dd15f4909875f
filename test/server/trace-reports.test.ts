import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { type DestinationStream, pino } from 'pino'
import { expect, it } from 'vitest'
import { reported } from '../../src/server/trace-reports.ts'

it('reports each new reason for lost spans once, and when they arrive again', () => {
  const lines: { level: number; lost: number; msg: string }[] = []
  const stream: DestinationStream = { write: (line) => lines.push(JSON.parse(line)) }
  let error: Error | undefined
  const target: SpanExporter = {
    export: (_, done) => done(error ? { code: 1, error } : { code: 0 }),
    shutdown: async () => undefined,
  }
  const exporter = reported(target, 'http://collector/v1/traces', pino({}, stream))
  const exported = (count: number, failure?: Error): number[] => {
    const codes: number[] = []
    error = failure
    exporter.export(Array(count).fill({}), ({ code }) => codes.push(code))
    return codes
  }
  expect(exported(1)).toEqual([0])
  const [away, refused] = [new Error('away'), new Error('refused')]
  for (const failure of [away, away, refused, refused]) expect(exported(2, failure)).toEqual([1])
  exported(1)
  exported(1)
  exported(2, away)
  expect(lines.map(({ level, lost, msg }) => [level, lost, msg.slice(0, 60)])).toEqual([
    [40, 2, expect.stringContaining('away')],
    [40, 6, expect.stringContaining('refused')],
    [30, 8, 'traces arrive at http://collector/v1/traces again'],
    [40, 2, expect.stringContaining('away')],
  ])
})
