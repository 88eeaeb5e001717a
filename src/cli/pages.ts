/** Lists from an API that gives them in pages. */
import { PAGE_LIMIT_MAX } from '#core/limits.ts';
import type { PageOf } from '#core/operations.ts';
import type { Listing } from './client.ts';

export interface PagingOptions {
  /** Items wanted in all. */
  limit: number;
}

/** Follows cursors until `limit` items are there; an empty page with a cursor is followed too. */
export async function pagesOf<T>(
  limit: number,
  page: (listing: Listing) => Promise<PageOf<T>>,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const answer = await page({
      limit: Math.min(PAGE_LIMIT_MAX, limit - items.length),
      ...(cursor !== undefined && { cursor }),
    });
    items.push(...answer.items);
    // An API may say "no more" by leaving the cursor out or by null.
    cursor = answer.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  return { items: items.slice(0, limit), more: cursor !== undefined };
}
