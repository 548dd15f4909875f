import { describe } from 'vitest'
import { manyWriters } from './concurrency-suite.ts'

describe('two hundred clients that write to one package', () => manyWriters(200))
