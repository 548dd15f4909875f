/** The memory of a process and its children, in MiB. Linux only. */
import { readdir, readFile } from 'node:fs/promises'

/** `now` is the resident memory; `peak` is the sum of the peaks of all processes. */
export type Memory = { now: number; peak: number }

export async function memoryOf(pid: number): Promise<Memory | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
  if (status === undefined) return undefined
  const own = { now: field(status, 'VmRSS'), peak: field(status, 'VmHWM') }
  const children = await Promise.all((await childrenOf(pid)).map(memoryOf))
  return children.reduce<Memory>(
    (sum, child) => ({ now: sum.now + (child?.now ?? 0), peak: sum.peak + (child?.peak ?? 0) }),
    own,
  )
}

async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`)
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  )
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024
}
