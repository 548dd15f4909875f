/** The memory that answers take until their clients have read them. */
import type { ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { currentClient } from '../core/client.ts'
import type { Load } from './load-shedding.ts'
import type { LoadClass } from './operation.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined for operations that do not count as reads. */
    answerMemory: AnswerMemory | undefined
  }
}

export type AnswerMemory = {
  /** Must be called before bytes are read or unpacked. Throws `overloaded` if they do not fit. */
  take: (bytes: number) => void
  /** Must be called when no more than the answer is left. */
  keepOnly: (bytes: number) => void
}

const COUNTED: (LoadClass | undefined)[] = ['read', 'list']

/** Counts the bytes of reads against their budget until the answer is gone. */
export function answerMemory({ answers }: Load): MiddlewareHandler {
  return async function answerMemory(c, next) {
    if (!COUNTED.includes(c.get('operation')?.load)) return next()
    const { take, giveBack } = answers.share(currentClient())
    c.set('answerMemory', {
      take,
      keepOnly: (bytes) => {
        giveBack()
        take(bytes)
      },
    })
    // Without a socket the answer is gone when it is returned.
    const outgoing: ServerResponse | undefined = c.env?.outgoing
    outgoing?.once('close', giveBack)
    try {
      await next()
    } finally {
      if (!outgoing || outgoing.closed) giveBack()
    }
  }
}

/** Returns the function to call before bytes are read for the answer. */
export function takeMemory(c: Context): (bytes: number) => void {
  return (bytes) => c.get('answerMemory')?.take(bytes)
}
