/** The program of a worker: runs one task after the other. */
import { writeFileSync } from 'node:fs'
import { runTask, type Task } from './tasks.ts'

process.on('message', async (task: Task) => process.send?.(await runTask(task)))
process.on('disconnect', () => process.exit())
// A signal to the whole group of processes must not end what the server still waits for.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

// Where memory runs out, the kernel ends this process rather than the server; and it dumps no gigabyte of memory.
setting('oom_score_adj', '1000')
setting('coredump_filter', '0')

/** Sets what only Linux has. */
function setting(name: string, value: string): void {
  try {
    writeFileSync(`/proc/self/${name}`, value)
  } catch {
    // The limits hold without it.
  }
}
