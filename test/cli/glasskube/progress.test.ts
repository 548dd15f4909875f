import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { expect, it } from 'vitest'
import { Progress } from '../../../src/cli/glasskube/progress.ts'

function terminal(isTTY: boolean): { stream: WriteStream; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 60 })
  let text = ''
  stream.on('data', (chunk) => {
    text += chunk
  })
  return { stream: stream as unknown as WriteStream, text: () => text }
}

it('draws a bar on a terminal, within its width, and removes it', () => {
  const { stream, text } = terminal(true)
  const progress = new Progress(stream)
  progress.begin(2)
  progress.step('first')
  progress.step(`${'long'.repeat(20)}\u001b[31m`)
  progress.end()
  const [before, first, second, removed] = text().split('\r\u001b[K')
  expect([before, removed]).toEqual(['', ''])
  expect(first).toBe(`${'█'.repeat(15)}${'░'.repeat(15)} 1/2 first`)
  expect(second).toMatch(/^█{30} 2\/2 long/)
  expect(second?.length).toBe(59)
})

it('writes nothing where there is no terminal', () => {
  const { stream, text } = terminal(false)
  const progress = new Progress(stream)
  progress.begin(1)
  progress.step('first')
  progress.end()
  expect(text()).toBe('')
})
