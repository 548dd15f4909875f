/** Set-up of all test files. */
// Loaded before Hono replaces the global Response, as in the server: otherwise it sends some answers twice.
import '@hono/node-server/utils/response'
import { configureGlobal } from 'fast-check'
import { SEED } from './sizes.ts'

// The same random tests each time, so that only a change turns them red.
configureGlobal({ seed: SEED })
