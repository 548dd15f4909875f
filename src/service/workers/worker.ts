import { type ChildProcess, fork } from 'node:child_process'
import type { Outcome, Task } from './tasks.ts'

const PROGRAM = new URL('./worker-process.ts', import.meta.url)

/** A worker ended without a result. `outOfMemory` tells whether it needed more than it may have. */
export class WorkerEndedError extends Error {
  readonly outOfMemory: boolean

  constructor(code: number | null, signal: NodeJS.Signals | null) {
    super(`a worker process ended with ${signal ?? `exit code ${code}`}`)
    this.name = 'WorkerEndedError'
    // V8 aborts at the limit of its heap, and the kernel kills where there is no memory left.
    this.outOfMemory = signal === 'SIGABRT' || signal === 'SIGKILL' || signal === 'SIGTRAP' || code === 134
  }
}

/**
 * A process that runs one task at a time. V8 ends the whole process where memory runs out, even if only one of its
 * threads has reached its limit, so threads would take the server along.
 */
export class Worker {
  readonly #process: ChildProcess

  /** `memory`: the limit of its heap, in MiB. */
  constructor(memory: number) {
    this.#process = fork(PROGRAM, {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${memory}`],
      // What V8 prints when memory runs out is of no use.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    // A failure to start, or to send, is followed by the end of the process.
    this.#process.on('error', () => this.#process.kill('SIGKILL'))
  }

  /** Rejects with `WorkerEndedError`, after which it must not be used. */
  run(task: Task): Promise<Outcome> {
    const child = this.#process
    return new Promise((resolve, reject) => {
      const onMessage = (outcome: Outcome): void => {
        child.off('exit', onExit)
        resolve(outcome)
      }
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
        child.off('message', onMessage)
        reject(new WorkerEndedError(code, signal))
      }
      child.once('message', onMessage)
      child.once('exit', onExit)
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode)
      else child.send(task)
    })
  }

  /** Ends the process at once; a task in it is rejected. */
  async end(): Promise<void> {
    const child = this.#process
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    // `once` of node:events would reject when what is still being sent fails.
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
  }
}
