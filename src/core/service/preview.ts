/**
 * `POST /v1/preview`: a draft judged, and tried on one page, as a worker would: by robots.txt, at the pace of its host, to public
 * addresses only. Nothing of it is stored, and secrets are not sent: a draft may not carry them where its author points.
 */
import type { CompileExtractor, Outgoing } from '../context.ts';
import { jsonOf, type JsonObject } from '../json.ts';
import {
  PREVIEW_PATIENCE_MS,
  PREVIEW_RECORDS_MAX,
  PREVIEW_TIMEOUT_MS,
  ROBOTS_BODY_BYTES_MAX,
  ROBOTS_REDIRECTS_MAX,
} from '../limits.ts';
import type { Caller, FieldCandidate, Outcome, PreviewView } from '../operations.ts';
import { Budgets, type BudgetsPorts } from '../pace/budgets.ts';
import { pacedFetch } from '../pace/paced-fetch.ts';
import { readTenantWords } from '../pace/words.ts';
import type { FetchedDocument, FetchResult, HopAnswer, Table } from '../ports.ts';
import { readTenant } from '../store.ts';
import { holdsRequest, type SwitchBoard } from '../switches.ts';
import type { TaskSpec } from '../task.ts';
import { hostOf, targetIdentity } from '../url.ts';
import { ok, refuse } from './outcome.ts';
import { forbidden } from './tasks.ts';

/** What sends the one request. */
export interface Trial extends Outgoing {
  compileExtractor: CompileExtractor;
  fieldCandidates: (document: FetchedDocument) => FieldCandidate[];
}
export type PreviewPorts = Omit<BudgetsPorts, keyof Trial> & {
  table: Table;
  switches: SwitchBoard;
  /** Made when the first one is asked for: most calls of the API are of another kind. Absent: this world tries nothing. */
  trial?: () => Promise<Trial>;
};

type Problem = NonNullable<PreviewView['problem']>;
type Page = Extract<FetchResult, { ok: true }>;

export async function preview(
  ports: PreviewPorts,
  caller: Caller,
  task: TaskSpec,
  url: string | undefined,
): Promise<Outcome<PreviewView>> {
  const no = await forbidden(ports, caller, task);
  if (no) return no;
  if (url === undefined) return ok({ warnings: [] });
  const wanted = targetIdentity({ url });
  if (wanted === undefined) {
    const message = `expected an http(s) URL, got ${JSON.stringify(url.slice(0, 80))}`;
    return refuse(422, 'No URL', `url: ${message}`, [{ path: 'url', message }]);
  }
  if (holdsRequest(await ports.switches.now(), caller.tenant, hostOf(url)))
    return refuse(
      409,
      'Held',
      'the operator lets no request leave to this host now; GET /v1/health shows what is switched off',
    );
  if (ports.trial === undefined) throw new Error('this world sends no requests for previews');
  const trial = await ports.trial();
  const got = await fetchPage({ ...ports, ...trial }, caller, task, url);
  if ('problem' in got) return ok({ warnings: [], problem: got.problem });
  return ok(await extracted(trial, task, url, got.page));
}

async function fetchPage(
  ports: PreviewPorts & Trial,
  caller: Caller,
  task: TaskSpec,
  url: string,
): Promise<{ page: Page } | { problem: Problem }> {
  const tenant = await readTenant(ports.table, caller.tenant);
  const words = await readTenantWords(ports.table, caller.tenant);
  const tenantMax = tenant.hostRequestsPerSecond;
  const budgets = new Budgets(ports, { tenant: caller.tenant, pace: task.pace, tenantMax, words });
  const common = {
    method: 'GET',
    headers: task.fetch.headers,
    secretHeaders: {},
    timeoutMs: Math.min(task.fetch.timeoutSeconds * 1000, PREVIEW_TIMEOUT_MS),
    allowAddresses: tenant.allowAddresses,
  };
  const paced = async (
    wanted: string,
    bounds: { bytesMax: number; redirectsMax: number },
    allow?: (hop: string) => Promise<HopAnswer>,
  ): Promise<FetchResult> => {
    const turn = await (await budgets.of(wanted)).turn(PREVIEW_PATIENCE_MS);
    if (turn.kind === 'turn') {
      const request = { ...common, ...bounds, url: wanted, ...(allow && { allow }) };
      return (await pacedFetch(ports, budgets, turn.turn, request, PREVIEW_PATIENCE_MS)).result;
    }
    const why = turn.kind === 'later' ? turn.why : turn.kind;
    return { ok: false, reason: 'timeout', detail: `its host lets nobody in now (${why})`, finalUrl: wanted, ms: 0 };
  };
  const userAgent = task.fetch.headers['user-agent'] ?? ports.userAgent;
  const allow = async (wanted: string): Promise<HopAnswer> => {
    if (task.fetch.robots === 'ignore') return 'go';
    const robots = { bytesMax: ROBOTS_BODY_BYTES_MAX, redirectsMax: ROBOTS_REDIRECTS_MAX };
    const answer = await ports.robots.check(wanted, userAgent, (robotsUrl) => paced(robotsUrl, robots));
    if (answer.kind === 'disallowed') return { refuse: 'disallowed', detail: answer.rule };
    if (answer.kind === 'unreachable')
      return { refuse: answer.reason, detail: `robots.txt of ${hostOf(wanted)}: ${answer.detail}` };
    return 'go';
  };
  try {
    const may = await allow(url);
    if (may !== 'go') return { problem: { reason: may.refuse, detail: may.detail } };
    const result = await paced(url, { bytesMax: task.fetch.maxBytes, redirectsMax: task.fetch.redirects }, allow);
    if (!result.ok) return { problem: { reason: result.reason, detail: result.detail } };
    if (result.status < 200 || result.status > 299)
      return { problem: { reason: 'status', detail: `it answered with status ${String(result.status)}` } };
    return { page: result };
  } finally {
    await budgets.close();
  }
}

async function extracted(trial: Trial, { extract }: TaskSpec, url: string, page: Page): Promise<PreviewView> {
  const { finalUrl, headers, body, status, ms } = page;
  const contentType = headers['content-type'] ?? '';
  const view = { warnings: [], page: { finalUrl, status, contentType, bytes: body.byteLength, ms: Math.round(ms) } };
  const document = { url, finalUrl, headers, body };
  const candidates = trial.fieldCandidates(document);
  const extraction = await (await trial.compileExtractor({ extract })).extract(document);
  if (!extraction.ok)
    return { ...view, candidates, records: [], problem: { reason: extraction.reason, detail: extraction.detail } };
  const records = extraction.records.slice(0, PREVIEW_RECORDS_MAX).map((data) => jsonOf(data) as JsonObject);
  return { ...view, candidates, records };
}
