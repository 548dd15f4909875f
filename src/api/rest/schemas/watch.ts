import { z } from '@hono/zod-openapi'
import { EVENT_STREAM, lastEventId } from '../event-stream.ts'
import { flag } from './common.ts'

export const watchHeaders = lastEventId

export const watchQuery = {
  watch: flag('Events in place of a list: what happens from now on, or behind `resourceVersion`.'),
  resourceVersion: z
    .string()
    .regex(/^[0-9]{1,15}$/, 'must be a resourceVersion')
    .transform(Number)
    .optional()
    .openapi({
      type: 'string',
      description:
        'Where to begin to watch: what comes behind it. That of a list (of its first page), or the id of an event.',
      example: '1042',
    }),
  sendInitialEvents: flag('Begin to watch with all that is there, as events.'),
}

export const watchDescription = `With \`watch=true\` the answer is server-sent events: \`ADDED\`, \`MODIFIED\`, \`DELETED\` and \`BOOKMARK\`, in the order of the changes, with \`{"type", "object"}\` as data. A revision that comes into the filter is added, and one that goes out of it deleted. The id of an event is its resourceVersion: with it as \`Last-Event-ID\`, or as \`resourceVersion\`, a watch goes on behind it, and each change is told once. Where the changes since then are no longer kept (24 hours, or 128 MiB of them), the answer is 410 with the code \`expired\`: list again, and watch from there.

The first event is a BOOKMARK with the position from which on changes are told; before it, with \`sendInitialEvents=true\`, all that is there is ADDED, without ids, and what changes meanwhile is told behind it again. Every 15 seconds in which nothing is told there is another one, or a comment. Whoever does not read for 30 seconds is cut off, and comes again. \`sort\`, \`limit\` and \`continue\` are for lists alone.

\`upstream.latestRevision\` and \`outdated\` of an object are as they were when it changed, and no event tells when they change but to who watches with \`outdated\`: to him downstreams are added and deleted when their upstream moves. Whether a revision is in a filter with \`outdated\` or \`q\` is looked up when a change is told, and may be newer than that; so something may be added again, or deleted that was never added. Of the events that a move of an upstream causes only the BOOKMARK behind them has an id.`

/** An answer that may be events, too. */
export function watchStream<Answer extends { content: object }>(answer: Answer) {
  return {
    ...answer,
    content: {
      ...answer.content,
      [EVENT_STREAM]: {
        schema: {
          description:
            'Each event has a type, its data with type and object as JSON, and an id. The object of a BOOKMARK has just the resourceVersion.',
          example:
            'event: BOOKMARK\ndata: {"type":"BOOKMARK","object":{"resourceVersion":"1042"}}\nid: 1042\n\n',
        },
      },
    } as Answer['content'] & { [EVENT_STREAM]: { schema: object } },
  }
}
