import { memoryIndex } from '../../../src/database/open.ts'
import { indexSuite } from '../../contract/index-suite.ts'

indexSuite('SQLite in memory', async () => memoryIndex())
