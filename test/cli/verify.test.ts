import { rmSync, writeFileSync, readFileSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { findingLine } from '#cli/findings.ts';
import { verifyResults } from '#cli/verify.ts';
import { scratch } from './fake-surroundings.ts';
import { goodTree, ledgerLine, recordLine, SIGNING_KEY, treeOf, writeTree, type Tree } from './results-tree.ts';

const LEDGER0 = 'ledger-r000p001s000000-1-0000.ndjson.gz';
const LEDGER1 = 'ledger-r000p001s000001-1-0000.ndjson.gz';
const PART0 = 'records-r000p001s000000-1-0000.ndjson.gz';

async function problemsOf(
  tree: Tree,
  spoil: (dir: string) => void = () => undefined,
  { keyId, asIs = false }: { keyId?: string; asIs?: boolean } = {},
): Promise<string[]> {
  const dir = writeTree(scratch(), tree, { asIs });
  spoil(dir);
  const found = await verifyResults(dir, keyId === undefined ? {} : { keyId });
  expect(found.ok).toBe(found.problems.length === 0);
  expect(found.problemCount).toBe(found.problems.length);
  return found.problems.map(findingLine);
}

test('a good tree has no problem, and says what was checked', async () => {
  const found = await verifyResults(writeTree(scratch(), goodTree()));
  expect(found).toMatchObject({
    ok: true,
    files: 4,
    targets: 5,
    records: 4,
    problems: [],
    notes: [],
    state: 'PARTIAL',
    keyId: SIGNING_KEY.keyId,
  });
});

describe('files', () => {
  test('a missing file, and nothing that only follows from it', async () => {
    expect(
      await problemsOf(goodTree(), (dir) => {
        unlinkSync(path.join(dir, LEDGER1));
      }),
    ).toEqual([
      `${LEDGER1}: the file is missing`,
      // Its targets' records cannot be placed.
      expect.stringContaining('no ledger line calls collected'),
      expect.stringContaining('no ledger line calls collected'),
    ]);
  });

  test('a truncated file is named with the line where it breaks off', async () => {
    const problems = await problemsOf(goodTree(), (dir) => {
      const file = path.join(dir, PART0);
      writeFileSync(file, readFileSync(file).subarray(0, 40));
    });
    expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^${PART0}: 40 bytes, the manifest says \\d+$`)));
    expect(problems).toContainEqual(
      expect.stringMatching(new RegExp(`^${PART0}:1: cannot be read further: unexpected end of file$`)),
    );
  });

  test('a file too large to be held at once, and where it breaks off', async () => {
    const large = { body: 'x'.repeat(1_000_000) };
    const lines = Array.from({ length: 40 }, (_, i) => ({ ...recordLine('http://shop.example/a', i), data: large }));
    const tree = treeOf([[ledgerLine('http://shop.example/a', { records: 40 })]], [lines]);
    expect(await problemsOf(tree)).toEqual([]);
    const problems = await problemsOf(tree, (dir) => {
      const file = path.join(dir, PART0);
      writeFileSync(file, readFileSync(file).subarray(0, -20_000));
    });
    expect(problems).toContainEqual(
      expect.stringMatching(new RegExp(`^${PART0}:2\\d: cannot be read further: unexpected end of file$`)),
    );
  });

  test('a result file that the manifest does not name is noted', async () => {
    const dir = writeTree(scratch(), goodTree());
    writeFileSync(path.join(dir, 'records-old.ndjson.gz'), '');
    const found = await verifyResults(dir);
    expect(found.ok).toBe(true);
    expect(found.notes).toEqual(['not named by the manifest: records-old.ndjson.gz']);
  });

  test('a file named twice', async () => {
    const tree = goodTree();
    const [part] = tree.manifest.parts;
    if (part) tree.manifest.parts.push(part);
    expect(await problemsOf(tree)).toContain(`${PART0}: named twice by the manifest`);
  });
});

describe('signature', () => {
  const another = '0123456789abcdef';

  test('the key that is asked for', async () => {
    expect(await problemsOf(goodTree(), undefined, { keyId: SIGNING_KEY.keyId })).toEqual([]);
    expect(await problemsOf(goodTree(), undefined, { keyId: another })).toEqual([
      `manifest.json: is signed by the key ${SIGNING_KEY.keyId}, not by ${another}`,
    ]);
  });

  test('a manifest that was changed after', async () => {
    const tree = goodTree();
    tree.manifest.region = 'local-2';
    expect(await problemsOf(tree, undefined, { asIs: true })).toEqual([
      'manifest.json: was changed after it was signed: the signature does not fit',
    ]);
  });

  test('what a later release adds is signed too', async () => {
    const tree = goodTree();
    Object.assign(tree.manifest, { warc: [] });
    expect(await problemsOf(tree)).toEqual([]);
    expect(await problemsOf(tree, undefined, { asIs: true })).toHaveLength(1);
  });

  test('no key is named whose signature does not fit', async () => {
    const tree = goodTree();
    tree.manifest.region = 'local-2';
    const found = await verifyResults(writeTree(scratch(), tree, { asIs: true }));
    expect(found).toMatchObject({ ok: false, runId: tree.manifest.runId });
    expect(found).not.toHaveProperty('keyId');
  });

  test("another key's id", async () => {
    const tree = goodTree();
    if (tree.manifest.signature) tree.manifest.signature.keyId = another;
    expect(await problemsOf(tree, undefined, { keyId: another, asIs: true })).toEqual([
      'manifest.json: the signing key does not have the id that is given',
    ]);
  });

  test.each(['value', 'publicKey'] as const)('the spare bits at the end of the %s', async (member) => {
    const { manifest, files } = goodTree();
    const { signature } = manifest;
    if (signature === undefined) throw new Error('a good tree is signed');
    const text = signature[member];
    for (const last of '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_+/=') {
      const changed = text.slice(0, -1) + last;
      const tree = { files, manifest: { ...manifest, signature: { ...signature, [member]: changed } } };
      expect(await problemsOf(tree, undefined, { asIs: true }), changed).toHaveLength(changed === text ? 0 : 1);
    }
  });

  test('none: of a run that ended a problem, of one that lives a note, unless a key is asked for', async () => {
    const tree = goodTree();
    delete tree.manifest.signature;
    expect(await problemsOf(tree, undefined, { asIs: true })).toEqual(['manifest.json: is not signed']);
    tree.manifest.state = 'RUNNING';
    const found = await verifyResults(writeTree(scratch(), tree));
    expect(found).toMatchObject({ ok: true, notes: [expect.stringContaining('not signed'), expect.anything()] });
    expect(found).not.toHaveProperty('keyId');
    expect(await problemsOf(tree, undefined, { keyId: another })).toEqual(['manifest.json: is not signed']);
  });
});

describe('balance', () => {
  const a = 'http://shop.example/a';
  const b = 'http://shop.example/b';

  test.each<[string, Tree, string[]]>([
    [
      'a target that ended twice, in another spelling and another bucket',
      treeOf(
        [
          [ledgerLine(a), ledgerLine(b)],
          [ledgerLine('HTTP://shop.example:80/x/../a#top', { bucket: 'excluded', records: 0 })],
        ],
        [[recordLine(a), recordLine(b)]],
      ),
      [`${LEDGER1}:1: target ended twice, first in ${LEDGER0}:1: HTTP://shop.example:80/x/../a#top`],
    ],
    [
      'a lost record',
      treeOf([[ledgerLine(a), ledgerLine(b)]], [[recordLine(a)]]),
      [
        'manifest.json: the ledger tells of 2 records, the parts have 1',
        `${LEDGER0}:2: 1 record fewer in the parts than this target had`,
      ],
    ],
    [
      'a doubled record in place of a lost one',
      treeOf([[ledgerLine(a), ledgerLine(b)]], [[recordLine(a), recordLine(a)]]),
      [
        `${LEDGER0}:1: 1 record more in the parts than this target had`,
        `${LEDGER0}:2: 1 record fewer in the parts than this target had`,
      ],
    ],
    [
      'a record of a failed target',
      treeOf([[ledgerLine(a, { bucket: 'failed', records: 0 })]], [[recordLine(a)]]),
      [
        `${PART0}:1: record of a target that no ledger line calls collected: ${a}`,
        'manifest.json: the ledger tells of 0 records, the parts have 1',
      ],
    ],
    [
      'records in a bucket that has none',
      treeOf([[ledgerLine(a, { bucket: 'disallowed' })]], [[]]),
      [
        `${LEDGER0}:1: disallowed target with 1 record: ${a}`,
        'manifest.json: the ledger tells of 1 records, the parts have 0',
      ],
    ],
  ])('%s', async (_, tree, problems) => {
    expect((await problemsOf(tree)).sort()).toEqual([...problems].sort());
  });

  test.each<[string, (tree: Tree) => void, string]>([
    [
      'discovered',
      ({ manifest }) => manifest.totals.discovered++,
      'manifest.json: discovered is 6, its buckets sum up to 5',
    ],
    [
      'pending at the end',
      ({ manifest: { totals } }) => {
        totals.pending++;
        totals.discovered++;
      },
      'manifest.json: 1 targets are pending in a run that is PARTIAL',
    ],
    [
      'a bucket',
      ({ manifest: { totals } }) => {
        totals.collected++;
        totals.discovered++;
      },
      'manifest.json: collected is 4, the ledger has 3 such lines',
    ],
    ['records', ({ manifest }) => manifest.totals.records--, 'manifest.json: records is 3, the parts have 4 lines'],
    [
      'a success with failures',
      ({ manifest }) => (manifest.state = 'SUCCEEDED'),
      'manifest.json: 1 targets failed or were cancelled in a run that is SUCCEEDED',
    ],
    [
      "a file's counts",
      ({ manifest: { ledger } }) => {
        if (ledger[1]?.counts) ledger[1].counts.failed = 2;
      },
      `${LEDGER1}: 1 failed lines, the manifest says 2`,
    ],
    [
      "a file's lines",
      ({ manifest: { parts } }) => {
        if (parts[0]) parts[0].lines = 3;
      },
      `${PART0}: 2 lines, the manifest says 3`,
    ],
    [
      "a file's bytes",
      ({ manifest: { parts } }) => {
        if (parts[0]) parts[0].bytes = 3;
      },
      `${PART0}: `,
    ],
  ])('wrong totals: %s', async (_, spoil, problem) => {
    const tree = goodTree();
    spoil(tree);
    expect(await problemsOf(tree)).toEqual([expect.stringContaining(problem)]);
  });

  test('a lost ledger line leaves every sum that it was part of wrong', async () => {
    const whole = goodTree();
    const lines = gunzipSync(whole.files.get(LEDGER1) ?? '')
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ReturnType<typeof ledgerLine>);
    const tree = treeOf(
      [
        [ledgerLine(a, { records: 2 }), ledgerLine('http://shop.example/c#top', { bucket: 'duplicate', records: 0 })],
        lines.slice(0, 2),
      ],
      [
        [recordLine(a), recordLine(a, 1)],
        [recordLine(b), recordLine(b)],
      ],
    );
    tree.manifest.totals = whole.manifest.totals;
    tree.manifest.state = 'PARTIAL';
    expect(await problemsOf(tree)).toEqual(['manifest.json: failed is 1, the ledger has 0 such lines']);
  });

  test('records dropped as duplicates may be missing, and only so many', async () => {
    const tree = treeOf([[ledgerLine(a, { records: 2 }), ledgerLine(b)]], [[recordLine(a), recordLine(b)]]);
    tree.manifest.totals.duplicateRecords = 1;
    expect(await problemsOf(tree)).toEqual([]);
    tree.manifest.totals.duplicateRecords = 2;
    expect(await problemsOf(tree)).toEqual(['manifest.json: the ledger tells of 3 records, the parts have 2']);
  });

  test('a run that lives may have pending targets', async () => {
    const tree = goodTree();
    Object.assign(tree.manifest, { state: 'RUNNING' });
    tree.manifest.totals.pending = 7;
    tree.manifest.totals.discovered += 7;
    expect(await problemsOf(tree)).toEqual([]);
  });

  test('a rule excludes a target as often as it is named, but what it excluded is not collected', async () => {
    const excluded = ledgerLine(a, { bucket: 'excluded', records: 0 });
    expect(await problemsOf(treeOf([[excluded, excluded]], []))).toEqual([]);
    const both = [`${LEDGER0}:2: target ended twice, first in ${LEDGER0}:1: ${a}`];
    expect(await problemsOf(treeOf([[excluded, ledgerLine(a)]], [[recordLine(a)]]))).toEqual(both);
    expect(await problemsOf(treeOf([[ledgerLine(a), excluded]], [[recordLine(a)]]))).toEqual(both);
  });

  test('lines that name no URL are not taken for one target', async () => {
    const bad = ledgerLine('not a url', { bucket: 'excluded', records: 0 });
    expect(await problemsOf(treeOf([[bad, bad]], []))).toEqual([]);
  });
});

describe('shape', () => {
  test.each<[string, string | undefined, string]>([
    ['none', undefined, 'manifest.json: there is none'],
    ['not JSON', '{', 'manifest.json: not JSON: '],
    ['another version', JSON.stringify({ ...goodTree().manifest, version: 2 }), 'manifest.json: version: '],
    [
      'a path as name',
      JSON.stringify({
        ...goodTree().manifest,
        parts: [{ name: '../records-a.ndjson.gz', bytes: 1, sha256: '0'.repeat(64), lines: 1 }],
      }),
      'manifest.json: parts.0.name: ',
    ],
    [
      'a signature of another kind',
      JSON.stringify({ ...goodTree().manifest, signature: { ...goodTree().manifest.signature, algorithm: 'none' } }),
      'manifest.json: signature.algorithm: ',
    ],
    ['an unknown state', JSON.stringify({ ...goodTree().manifest, state: 'FINE' }), 'manifest.json: state: '],
    ['no totals', JSON.stringify({ ...goodTree().manifest, totals: {} }), 'manifest.json: totals.discovered: '],
  ])('%s', async (_, text, problem) => {
    const problems = await problemsOf(goodTree(), (dir) => {
      const file = path.join(dir, 'manifest.json');
      if (text === undefined) rmSync(file);
      else writeFileSync(file, text);
    });
    expect(problems[0]).toContain(problem);
  });

  test('on one line', async () => {
    expect(
      await problemsOf(goodTree(), (dir) => {
        writeFileSync(path.join(dir, 'manifest.json'), JSON.stringify(goodTree().manifest));
      }),
    ).toEqual([]);
  });

  test('what a later release adds is let be', async () => {
    const tree = goodTree();
    Object.assign(tree.manifest, { warc: [] });
    Object.assign(tree.manifest.totals, { costUsd: 0.1 });
    expect(await problemsOf(tree)).toEqual([]);
  });

  test.each([
    [{ bucket: 'lost' }, 'bucket: expected one of'],
    [{ bucket: 'pending' }, 'a ledger line has an end'],
    [{ records: -1 }, 'records: expected a whole number'],
    [{ url: 5 }, 'url: expected a string'],
  ])('a ledger line with %j', async (change, says) => {
    const spoiled = treeOf(
      [
        [
          ledgerLine('http://shop.example/a'),
          { ...ledgerLine('http://shop.example/b'), ...change } as ReturnType<typeof ledgerLine>,
        ],
      ],
      [[recordLine('http://shop.example/a')]],
    );
    spoiled.manifest.totals = goodTree().manifest.totals;
    expect(await problemsOf(spoiled)).toContainEqual(expect.stringMatching(new RegExp(`^${LEDGER0}:2: .*${says}`)));
  });
});

test('problems are all counted and the first thousand kept', async () => {
  const lines = Array.from({ length: 1_500 }, () => ledgerLine('http://shop.example/a', { records: 0 }));
  const found = await verifyResults(writeTree(scratch(), treeOf([lines], [])));
  expect(found.problemCount).toBe(1_499);
  expect(found.problems).toHaveLength(1_000);
});
