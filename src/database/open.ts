import type { Kysely } from 'kysely'
import type { Reader } from './connection.ts'
import { GroupCommit } from './group-commit.ts'
import type { Schema } from './schema.ts'
import { indexFile } from './sqlite/index-file.ts'
import { openDatabase } from './sqlite/open.ts'

/** An open index. */
export type Index = {
  db: Reader
  commits: GroupCommit
  close: () => Promise<void>
}

/** Opens the index of a data folder, and creates or migrates it first where needed. Throws `unavailable`. */
export function openIndex(folder: string): Index {
  return indexOn(openDatabase(indexFile(folder)))
}

/** An index that is gone with the process. */
export function memoryIndex(): Index {
  return indexOn(openDatabase(':memory:'))
}

export function indexOn(db: Kysely<Schema>): Index {
  return { db, commits: new GroupCommit(db), close: () => db.destroy() }
}
