/** The hunks of a unified diff. */

import { countLines, linesOf, MAX_LINES } from '../text-lines.ts'
import { type Effort, type LineChange, lineChanges } from './line-changes.ts'

export type Hunks = { text: string; addedLines: number; removedLines: number }

const CONTEXT = 3
const NO_END = '\\ No newline at end of file\n'

export function hunksOf(before: string, after: string, effort: Effort): Hunks {
  const count = countLines(Buffer.from(before)) + countLines(Buffer.from(after))
  if (count > MAX_LINES) return wholeText(before, after)
  const [olds, news] = [linesOf(before), linesOf(after)]
  const changes = lineChanges(olds, news, effort)
  return {
    text: grouped(changes)
      .map((group) => hunk(olds, news, group))
      .join(''),
    addedLines: changes.reduce((sum, { newCount }) => sum + newCount, 0),
    removedLines: changes.reduce((sum, { oldCount }) => sum + oldCount, 0),
  }
}

/** Groups changes into hunks; changes whose contexts would touch share one. */
function grouped(changes: readonly LineChange[]): LineChange[][] {
  const groups: LineChange[][] = []
  let end = Number.NEGATIVE_INFINITY
  for (const change of changes) {
    if (change.oldAt - end > 2 * CONTEXT) groups.push([])
    groups.at(-1)?.push(change)
    end = change.oldAt + change.oldCount
  }
  return groups
}

function hunk(olds: readonly string[], news: readonly string[], changes: readonly LineChange[]): string {
  const [first, last] = [changes[0], changes.at(-1)]
  if (!first || !last) return ''
  const start = Math.max(0, first.oldAt - CONTEXT)
  const end = Math.min(olds.length, last.oldAt + last.oldCount + CONTEXT)
  const lines: string[] = []
  let at = start
  let grown = 0
  for (const { oldAt, oldCount, newAt, newCount } of changes) {
    push(' ', olds, at, oldAt)
    push('-', olds, oldAt, oldAt + oldCount)
    push('+', news, newAt, newAt + newCount)
    at = oldAt + oldCount
    grown += newCount - oldCount
  }
  push(' ', olds, at, end)
  const newStart = start + first.newAt - first.oldAt
  return `@@ -${range(start, end - start)} +${range(newStart, end - start + grown)} @@\n${lines.join('')}`

  function push(sign: string, from: readonly string[], begin: number, stop: number): void {
    for (let index = begin; index < stop; index++) lines.push(signed(sign, from[index] ?? ''))
  }
}

function signed(sign: string, line: string): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n${NO_END}`
}

/** Formats a range of lines, counted from 1; an empty one names the line before it. */
function range(start: number, count: number): string {
  const from = count === 0 ? start : start + 1
  return count === 1 ? String(from) : `${from},${count}`
}

/** Returns one hunk that replaces everything, without splitting the texts into lines. */
function wholeText(before: string, after: string): Hunks {
  const [removedLines, addedLines] = [before, after].map(
    (text) => countLines(Buffer.from(text)) + (text === '' || text.endsWith('\n') ? 0 : 1),
  ) as [number, number]
  const header = `@@ -${range(0, removedLines)} +${range(0, addedLines)} @@\n`
  return { text: header + prefixed('-', before) + prefixed('+', after), addedLines, removedLines }
}

function prefixed(sign: string, text: string): string {
  if (text === '') return ''
  const end = text.endsWith('\n')
  const lines = (end ? text.slice(0, -1) : text).replaceAll('\n', `\n${sign}`)
  return `${sign}${lines}\n${end ? '' : NO_END}`
}
