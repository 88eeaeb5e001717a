/** What a run tells: results, records, ledger, one target's story, shards, timeline. */
import * as z from 'zod';
import { BUCKETS } from '#core/ledger.ts';
import { pageRequest, pageShape, targetMethod, targetUrl } from '../parameters.ts';
import { defineRoute, okWith, replyTo, UNCHANGED, watchedWith } from '../route.ts';
import type { Route } from '../route.ts';
import { strict } from '../task-values.ts';

const pageQuery = strict(pageShape);
const bucket = z
  .enum(BUCKETS, { error: `one of ${BUCKETS.join(', ')}` })
  .exactOptional()
  .meta({ description: 'Only targets in this bucket' });

export const RUN_REPORT_ROUTES: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/runs/{runId}/results',
    operationId: 'getResults',
    tag: 'results',
    summary: 'The manifest with download URLs; while the run lives, what is committed so far',
    scope: 'read',
    answers: [{ status: 200, description: 'Manifest and URLs', schema: 'Results' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.results(caller, params.runId ?? ''), okWith),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/runs/{runId}/records',
    operationId: 'listRecords',
    tag: 'results',
    summary: 'A page of records',
    scope: 'read',
    headers: ['if-none-match'],
    query: pageQuery,
    answers: [{ status: 200, description: 'Records', schema: 'RecordPage', headers: ['etag'] }, UNCHANGED],
    handle: async ({ service, caller, headers, params, query }) =>
      replyTo(await service.operations.records(caller, params.runId ?? '', pageRequest(query)), watchedWith(headers)),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/runs/{runId}/ledger',
    operationId: 'listLedger',
    tag: 'results',
    summary: 'Targets by bucket with their reasons',
    scope: 'read',
    headers: ['if-none-match'],
    query: strict({ bucket, ...pageShape }),
    answers: [{ status: 200, description: 'Targets', schema: 'LedgerPage', headers: ['etag'] }, UNCHANGED],
    handle: async ({ service, caller, headers, params, query }) => {
      const filter = query.bucket === undefined ? {} : { bucket: query.bucket };
      return replyTo(
        await service.operations.ledger(caller, params.runId ?? '', filter, pageRequest(query)),
        watchedWith(headers),
      );
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/runs/{runId}/explain',
    operationId: 'explainTarget',
    tag: 'results',
    summary: "One target's whole story: who named it, what was decided and why, where its records are",
    scope: 'read',
    query: strict({ url: targetUrl, method: targetMethod }),
    answers: [{ status: 200, description: 'The story so far', schema: 'Explanation' }],
    handle: async ({ service, caller, params, query }) =>
      replyTo(await service.operations.explain(caller, params.runId ?? '', query), okWith),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/runs/{runId}/shards',
    operationId: 'listShards',
    tag: 'runs',
    summary: 'The shards of a run',
    scope: 'read',
    headers: ['if-none-match'],
    query: pageQuery,
    answers: [{ status: 200, description: 'Shards', schema: 'ShardPage', headers: ['etag'] }, UNCHANGED],
    handle: async ({ service, caller, headers, params, query }) =>
      replyTo(
        await service.operations.listShards(caller, params.runId ?? '', pageRequest(query)),
        watchedWith(headers),
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/runs/{runId}/timeline',
    operationId: 'listTimeline',
    tag: 'runs',
    summary: 'What happened when',
    scope: 'read',
    headers: ['if-none-match'],
    query: pageQuery,
    answers: [
      { status: 200, description: 'Events, earliest first', schema: 'TimelinePage', headers: ['etag'] },
      UNCHANGED,
    ],
    handle: async ({ service, caller, headers, params, query }) =>
      replyTo(await service.operations.timeline(caller, params.runId ?? '', pageRequest(query)), watchedWith(headers)),
  }),
];
