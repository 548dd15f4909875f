import { z } from '@hono/zod-openapi'
import { EVENT_STREAM, lastEventId } from '../event-stream.ts'
import { flag } from './common.ts'

export const watchHeaders = lastEventId

export const watchQuery = {
  watch: flag('Streams changes instead of returning a list, from now on or after `resourceVersion`.'),
  resourceVersion: z
    .string()
    .regex(/^[0-9]{1,15}$/, 'must be a resourceVersion')
    .transform(Number)
    .optional()
    .openapi({
      type: 'string',
      description:
        'Start of the watch: changes after this version are sent. Use the resourceVersion of the first page of a list, or the id of an event.',
      example: '1042',
    }),
  sendInitialEvents: flag('Starts the watch with an event for each revision that exists.'),
}

export const watchDescription = `With \`watch=true\` the response is a stream of server-sent events, \`ADDED\`, \`MODIFIED\`, \`DELETED\` and \`BOOKMARK\`, in the order of the changes, with \`{"type", "object"}\` as data. A revision that starts to match the filter is added, and one that no longer matches is deleted. The id of an event is its resourceVersion: send it as \`Last-Event-ID\`, or as \`resourceVersion\`, to resume a watch after that event without missing or repeating a change. Changes are kept for 24 hours, up to 128 MiB of them; for an older position the response is 410 with the code \`expired\`: list again, and watch from there.

The first event is a BOOKMARK with the position of the watch. With \`sendInitialEvents=true\` it follows an ADDED event, without an id, for each revision that exists; changes made meanwhile are sent after it. An idle watch gets a BOOKMARK or a comment every 15 seconds. A client that does not read for 30 seconds is disconnected, and can resume. \`sort\`, \`limit\` and \`continue\` apply only to lists.

\`upstream.latestRevision\` and \`upstream.outdated\` of an object are as of its last change. Only watches with \`outdated\` get events when these fields change: downstreams are added and deleted when a new revision of their upstream is published. The filters \`outdated\` and \`q\` are evaluated when an event is sent, and may reflect a newer state; so a revision may be added twice, or deleted without having been added. Events that are caused by a change of an upstream have no id; the BOOKMARK after them has one.`

/** Adds the event stream to the description of a response. */
export function watchStream<Answer extends { content: object }>(answer: Answer) {
  return {
    ...answer,
    content: {
      ...answer.content,
      [EVENT_STREAM]: {
        schema: {
          description:
            'Each event has a type, data with type and object as JSON, and an id. The object of a BOOKMARK has only the resourceVersion.',
          example:
            'event: BOOKMARK\ndata: {"type":"BOOKMARK","object":{"resourceVersion":"1042"}}\nid: 1042\n\n',
        },
      },
    } as Answer['content'] & { [EVENT_STREAM]: { schema: object } },
  }
}
