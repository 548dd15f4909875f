import type { IncomingMessage, ServerResponse } from 'node:http'

/** Closes the connection of a request, after an answer without a body if there is none yet. */
export function cutOff({ socket }: IncomingMessage, response: ServerResponse, status: string): void {
  // An answer before those of earlier requests would be taken for theirs.
  const isFirst = response.socket !== null
  if (isFirst && !response.headersSent && socket.writable) {
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  }
  socket.destroy()
}
