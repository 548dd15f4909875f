/** What revisions contain: which have an object, which run an image. */

import { AppError } from '../../core/errors.ts'
import type { Contained } from '../../database/contents/containing-revisions.ts'
import { type FoundImage, listImages as listImageRows } from '../../database/contents/image-list.ts'
import {
  type FoundObject,
  listObjects as listObjectRows,
  type ObjectFilter,
} from '../../database/contents/object-list.ts'
import { imageReference } from '../../domain/image-reference.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

/** Throws `invalid` for a filter that names nothing. */
export async function listObjects(
  ctx: ServiceContext,
  filter: ObjectFilter,
  request: PageRequest,
): Promise<Page<Contained<FoundObject>>> {
  const { latest, ...object } = filter
  if (Object.values(object).every((value) => value === undefined)) {
    throw new AppError('invalid', 'say which objects: one of apiVersion, kind, namespace and name is needed')
  }
  return page(ctx, { list: 'objects', filter }, request, {
    fetch: (after: FoundObject | undefined, limit) => listObjectRows(ctx.db, filter, { after, limit }),
    cursorAt: ({ in: { name }, ...found }) => ({ ...found, behind: name }),
  })
}

/** The latest revisions that run a container image. */
export async function listImages(
  ctx: ServiceContext,
  image: string,
  request: PageRequest,
): Promise<Page<Contained<FoundImage>>> {
  const reference = imageReference(image)
  return page(ctx, { list: 'images', image }, request, {
    fetch: (after: FoundImage | undefined, limit) => listImageRows(ctx.db, reference, { after, limit }),
    cursorAt: ({ in: { name }, ...found }) => ({ ...found, behind: name }),
  })
}
