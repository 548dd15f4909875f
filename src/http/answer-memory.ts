/** The memory that answers take until their clients have read them. */
import type { ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { currentClient } from '../core/client.ts'
import type { Load } from './load-shedding.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined for operations whose answers are small, or sent in small parts. */
    answerMemory: AnswerMemory | undefined
  }
}

export type AnswerMemory = {
  /** Must be called before bytes are read or unpacked. Throws `overloaded` if they do not fit. */
  take: (bytes: number) => void
  /** Must be called when no more than the answer is left. */
  keepOnly: (bytes: number) => void
  giveBack: (bytes: number) => void
}

/** Counts the bytes of reads and lists against their budget until the client has the answer. */
export function answerMemory({ answers }: Load): MiddlewareHandler {
  return async function answerMemory(c, next) {
    const load = c.get('operation')?.load
    if (load !== 'read' && load !== 'list') return next()
    const { take, hold, giveBack } = answers.share(currentClient())
    c.set('answerMemory', {
      take,
      keepOnly: (bytes) => {
        giveBack()
        take(bytes)
      },
      giveBack,
    })
    // Without a socket the answer is gone when it is returned.
    const outgoing: ServerResponse | undefined = c.env?.outgoing
    // An answer in one piece: the bytes that still wait in this process.
    outgoing?.once('prefinish', () => hold(outgoing.writableLength))
    outgoing?.once('close', () => giveBack())
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
