/** Refuses requests in very many pieces: each piece and each header costs far more than its bytes. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { free } from '../core/growing-buffer.ts'
import { cutOff } from './cut-off.ts'

export type PieceLimits = {
  headers: number
  /** Pieces of a body that may have any size. */
  pieces: number
  /** The average size in bytes of all further pieces. Packets are larger, and so is what clients write at once. */
  size: number
}

export const PIECE_LIMITS: PieceLimits = { headers: 200, pieces: 1000, size: 256 }

/** Must be called before other listeners see requests. */
export function refuseSmallPieces(server: Server, limits: PieceLimits = PIECE_LIMITS): void {
  // One more than allowed, to see that there are more.
  server.maxHeadersCount = limits.headers + 1
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.rawHeaders.length > 2 * limits.headers) {
      cutOff(request, response, '431 Request Header Fields Too Large')
      return
    }
    const { 'transfer-encoding': encoding, 'content-length': length = '0' } = request.headers
    if (encoding === undefined && length === '0') return
    if (request.method === 'GET' || request.method === 'HEAD') {
      // Nothing reads their bodies, which may be endless.
      response.once('finish', () => {
        if (!request.complete) request.socket.destroySoon()
      })
    }
    // The parser passes each piece of the body to `push`, be it a chunk of HTTP or a packet.
    const push = request.push.bind(request)
    let pieces = 0
    let bytes = 0
    request.push = (piece: Uint8Array | null) => {
      if (piece === null) return push(piece)
      // Nothing reads what comes after the answer.
      if (response.writableFinished) {
        free(piece)
        return true
      }
      bytes += piece.byteLength
      if (++pieces <= limits.pieces + bytes / limits.size) return push(piece)
      if (!request.socket.destroyed) cutOff(request, response, '413 Payload Too Large')
      return false
    }
  })
}
