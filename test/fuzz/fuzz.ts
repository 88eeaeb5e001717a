/**
 * Generated requests against the OpenAPI document: `node test/fuzz/fuzz.ts [--requests 10000] [--seed 1]`. Ends with 1 when
 * an answer is a 5xx, is not documented or does not match its schema, and tells the seed that makes the request again.
 */
import { parseArgs } from 'node:util';
import { fuzz, operations } from './requests.ts';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const { requests, byStatus, findings, succeeded } = await fuzz(Number(values.requests), Number(values.seed));
for (const { request, says } of findings.slice(0, 20)) process.stdout.write(`${request}\n  ${says}\n`);
process.stdout.write(
  `${String(requests)} requests to ${String(operations.length)} operations, ${String(succeeded.size)} of them with success; ` +
    `never: ${
      operations
        .map(({ operationId }) => operationId)
        .filter((id) => !succeeded.has(id))
        .join(' ') || 'none'
    }; by status ${JSON.stringify(byStatus)}; findings ${String(findings.length)}\n`,
);
if (findings.length > 0) process.exitCode = 1;
