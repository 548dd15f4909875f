/** HEAD requests, which wrk cannot make: it waits for a body of their Content-Length. */
import { connect, type Socket } from 'node:net'
import { CONNECTIONS } from './wrk.ts'

const END = '\r\n\r\n'

export type HeadLoad = { port: number; path: string; accept: string; seconds: number }

/** Parses almost nothing, because it shares the processors with the server. Throws if a status is not 200. */
export async function headsPerSecond({ port, path, accept, seconds }: HeadLoad): Promise<number> {
  const head = `HEAD ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: ${accept}${END}`
  const start = performance.now()
  const end = start + seconds * 1000
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => heads(port, head, end)))
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - start) / 1000)
}

async function heads(port: number, head: string, end: number): Promise<number> {
  const socket: Socket = connect(port, '127.0.0.1', () => socket.write(head)).setEncoding('latin1')
  try {
    return await new Promise((resolve, reject) => {
      let count = 0
      let answer = ''
      socket.on('data', (text: string) => {
        answer += text
        if (!answer.endsWith(END)) return
        if (!answer.startsWith('HTTP/1.1 200')) return reject(new Error(`HEAD failed: ${answer}`))
        answer = ''
        count++
        if (performance.now() < end) socket.write(head)
        else resolve(count)
      })
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('the server closed a connection')))
    })
  } finally {
    socket.destroy()
  }
}
