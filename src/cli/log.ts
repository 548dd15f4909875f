/** The log of a server, on standard error. A reader that has stopped neither slows the server nor keeps it from ending. */
import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { type DestinationStream, destination, type Level, type Logger, pino } from 'pino'

export type Log = {
  log: Logger
  /** Ends the process once all lines are written, or nothing reads them. */
  exit: () => Promise<never>
}

type Sink = {
  stream: DestinationStream
  /** Resolves once all lines are written. */
  written: () => Promise<unknown>
  /** Whether a thread waits for the reader, which outlives any end of the process but the hardest. */
  blocks: boolean
}

const STDERR = 2
/** Bytes of lines that wait for a reader. Lines beyond are dropped. */
const MAX_WAITING = 8 * 1024 * 1024
/** How long a stopping server waits for the reader of its log. */
const EXIT_TIMEOUT = 2000

export function openLog(level: Level | 'silent'): Log {
  const kind = fstatSync(STDERR)
  const { stream, written, blocks } = kind.isFIFO() || kind.isSocket() ? pipe() : file()
  const exit = async (): Promise<never> => {
    const late = setTimeout(EXIT_TIMEOUT, 'late' as const)
    if ((await Promise.race([written(), late])) === 'late' && blocks) process.kill(process.pid, 'SIGKILL')
    process.exit()
  }
  return { log: pino({ level }, stream), exit }
}

/** A pipe takes what it has room for, and Node keeps the rest, without a thread that would wait for the reader. */
function pipe(): Sink {
  const { stderr } = process
  let batching = false
  let dropped = 0
  const send = (): void => {
    batching = false
    stderr.uncork()
  }
  const write = (line: string): void => {
    if (stderr.writableLength > MAX_WAITING) {
      dropped++
      return
    }
    // All lines of a turn are one write.
    if (!batching) {
      batching = true
      stderr.cork()
      setImmediate(send)
    }
    stderr.write(line)
  }
  // The reader is gone: the server goes on without a log.
  stderr.on('error', () => undefined)
  stderr.on('drain', () => {
    if (dropped > 0) pino({}, { write }).warn({ dropped }, 'log lines were dropped, as nothing read the log')
    dropped = 0
  })
  return {
    stream: { write },
    written: () => new Promise<void>((resolve) => stderr.write('', () => resolve())),
    blocks: false,
  }
}

/** A file or a terminal is written in a thread, since a disk may be slow. */
function file(): Sink {
  const stream = destination({ dest: STDERR, sync: false, maxLength: MAX_WAITING })
  let waiting = false
  stream.on('drain', () => {
    waiting = false
  })
  const write = (line: string): void => {
    waiting = true
    stream.write(line)
  }
  return {
    stream: { write },
    written: async () => waiting && once(stream, 'drain'),
    blocks: true,
  }
}
