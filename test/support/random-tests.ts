/** Settings of fast-check for all tests: they begin with the same seed each time, so that only a change turns them red. */
import { configureGlobal } from 'fast-check'
import { SEED } from './sizes.ts'

configureGlobal({ seed: SEED })
