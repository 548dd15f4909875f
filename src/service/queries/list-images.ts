import type { Contained } from '../../database/contents/containing-revisions.ts'
import { type FoundImage, listImages as listRows } from '../../database/contents/image-list.ts'
import { imageReference } from '../../domain/image-reference.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

/** Lists the visible latest revisions that use a container image. */
export async function listImages(
  ctx: ServiceContext,
  caller: Caller,
  image: string,
  request: PageRequest,
): Promise<Page<Contained<FoundImage>>> {
  const reference = imageReference(image)
  return page(ctx, { list: 'images', image, for: viewKey(caller) }, request, {
    fetch: (after: FoundImage | undefined, limit) =>
      listRows(ctx.db, visibleTo(caller), reference, { after, limit }),
    small: true,
    cursorAt: ({ in: { name }, ...found }) => ({ ...found, behind: name }),
  })
}
