/** Starts to count how many milliseconds this thread works. Time that other processes take does not count. */
export function cpuTimer(): () => number {
  const start = process.threadCpuUsage()
  return () => {
    const { user, system } = process.threadCpuUsage(start)
    return (user + system) / 1000
  }
}
