/** What a run tells, a tab each; only the open one asks. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useState, type ReactNode } from 'react';
import { at } from '../api.ts';
import { bytes, count, instant, isEnded } from '../format.ts';
import type { Explanation, LedgerPage, RecordPage, Results, Run, ShardPage, TimelinePage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive, type Live } from '../live.ts';
import { groupFailures } from '../failures.ts';
import { RecordTable } from '../parts/record-table.tsx';
import { Empty, Shown } from '../parts/states.tsx';
import { go, linkTo, usePlace } from '../router.ts';

const of = (run: Run, what: string): string => `${at('runs', run.id)}/${what}`;
const every = (run: Run, ms: number): number | undefined => (isEnded(run.state) ? undefined : ms);
const SHARD_STATES = ['DONE', 'LEASED', 'PARKED', 'READY', 'WAITING'] as const;

export function Shards({ run, shards }: { run: Run; shards: Live<ShardPage> }) {
  const { t } = useSpeech();
  return (
    <Container
      header={
        <Header variant="h2" description={t('run.shardsText', run.shards)}>
          {t('run.shards')}
        </Header>
      }
    >
      <Shown live={shards}>
        {({ items }) => (
          <SpaceBetween size="m">
            <ul className="shards">
              {items.map(({ id, state, pending, targets }) => {
                const said = t('run.shard', { id, state, pending, targets });
                return (
                  <li key={id}>
                    <div className={`shard shard-${state}`} role="img" aria-label={said} title={said} />
                  </li>
                );
              })}
            </ul>
            <div className="legend">
              {SHARD_STATES.map((state) => (
                <span key={state}>
                  <span className={`shard shard-${state}`} /> {state}{' '}
                  {items.filter((shard) => shard.state === state).length}
                </span>
              ))}
            </div>
          </SpaceBetween>
        )}
      </Shown>
    </Container>
  );
}

export function Timeline({ run }: { run: Run }) {
  const { t, language } = useSpeech();
  const events = useLive<TimelinePage>(of(run, 'timeline'), every(run, 4_000), { limit: 200 });
  return (
    <Shown live={events}>
      {({ items }) => (
        <Table
          items={items}
          wrapLines
          ariaLabels={{ tableLabel: t('run.timeline') }}
          empty={<Empty text={t('common.none')} />}
          columnDefinitions={[
            { id: 'at', minWidth: 130, header: t('common.when'), cell: (event) => instant(event.at, language) },
            { id: 'type', minWidth: 110, header: t('dead.kind'), cell: (event) => event.type },
            { id: 'detail', minWidth: 160, header: t('common.detail'), cell: (event) => event.detail },
          ]}
        />
      )}
    </Shown>
  );
}

const explainLink = (run: Run, url: string): string => `${linkTo('run', run.id)}?url=${encodeURIComponent(url)}`;
const FAILURES = 500;

export function Failures({ run }: { run: Run }) {
  const { t, language } = useSpeech();
  const lines = useLive<LedgerPage>(of(run, 'ledger'), every(run, 5_000), { bucket: 'failed', limit: FAILURES });
  const [chosen, setChosen] = useState<string>();
  return (
    <SpaceBetween size="m">
      <Shown live={lines}>
        {({ items, nextCursor }) => (
          <Table
            items={groupFailures(items)}
            wrapLines
            ariaLabels={{ tableLabel: t('run.failures') }}
            empty={<Empty text={t('run.failuresNone')} />}
            header={
              <Header
                variant="h2"
                counter={`(${count(run.progress.failed, language)})`}
                {...(nextCursor !== undefined && { description: t('run.failuresSome', { count: items.length }) })}
              >
                {t('run.failures')}
              </Header>
            }
            columnDefinitions={[
              {
                id: 'reason',
                minWidth: 130,
                header: t('hosts.why'),
                isRowHeader: true,
                cell: ({ reason }) => <StatusIndicator type="error">{reason}</StatusIndicator>,
              },
              { id: 'count', header: t('runs.failed'), cell: (group) => count(group.count, language) },
              {
                id: 'detail',
                header: t('common.detail'),
                cell: ({ detail }) => <span className="wrap">{detail}</span>,
              },
              {
                id: 'examples',
                minWidth: 200,
                header: t('run.examples'),
                cell: ({ examples }) => (
                  <SpaceBetween size="xxs">
                    {examples.map((url) => (
                      <Link
                        key={url}
                        href={explainLink(run, url)}
                        onFollow={(event) => {
                          event.preventDefault();
                          setChosen(url);
                        }}
                      >
                        <span className="wrap">{url}</span>
                      </Link>
                    ))}
                  </SpaceBetween>
                ),
              },
            ]}
          />
        )}
      </Shown>
      {chosen !== undefined && <Story run={run} url={chosen} />}
    </SpaceBetween>
  );
}

export function Explain({ run }: { run: Run }) {
  const { t } = useSpeech();
  const asked = usePlace().query.get('url') ?? '';
  const [url, setUrl] = useState(asked);
  return (
    <SpaceBetween size="m">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go(explainLink(run, url.trim()));
        }}
      >
        <FormField
          label={t('run.explainUrl')}
          secondaryControl={
            <Button formAction="submit" disabled={url.trim() === ''}>
              {t('run.explainGo')}
            </Button>
          }
        >
          <Input value={url} onChange={({ detail }) => setUrl(detail.value)} inputMode="url" />
        </FormField>
      </form>
      {asked !== '' && <Story run={run} url={asked} />}
    </SpaceBetween>
  );
}

function Story({ run, url }: { run: Run; url: string }) {
  const { t, language } = useSpeech();
  const story = useLive<Explanation>(of(run, 'explain'), undefined, { url });
  return (
    <Container header={<Header variant="h2">{t('run.explain')}</Header>}>
      <Shown live={story}>
        {(said) => (
          <SpaceBetween size="s">
            <Box variant="strong">
              <span className="wrap">{said.url}</span>
            </Box>
            <StatusIndicator
              type={said.bucket === 'failed' ? 'error' : said.bucket === 'pending' ? 'pending' : 'success'}
            >
              {said.bucket}
              {said.reason === undefined ? '' : ` / ${said.reason}`}
            </StatusIndicator>
            <ol className="story">
              {said.story.map((line, i) => (
                <li key={i} className="wrap">
                  {line.at === undefined ? '' : `${instant(line.at, language)}  `}
                  {line.says}
                </li>
              ))}
            </ol>
          </SpaceBetween>
        )}
      </Shown>
    </Container>
  );
}

export function Records({ run }: { run: Run }) {
  const { t } = useSpeech();
  const [limit, setLimit] = useState(20);
  const records = useLive<RecordPage>(of(run, 'records'), every(run, 6_000), { limit });
  return (
    <Shown live={records}>
      {({ items, nextCursor }) => (
        <RecordTable
          records={items}
          empty={t('run.recordsNone')}
          footer={
            nextCursor !== undefined &&
            limit < 640 && <Button onClick={() => setLimit(limit * 2)}>{t('common.more')}</Button>
          }
        />
      )}
    </Shown>
  );
}

export function Downloads({ run }: { run: Run }) {
  const { t, language } = useSpeech();
  const results = useLive<Results>(of(run, 'results'));
  const files = ({ parts, ledger }: Results) => [...parts, ...ledger];
  const link = (href: string, name: string): ReactNode => (
    <Link href={href} external={false} target="_blank" rel="noreferrer">
      <span className="wrap">{name}</span>
    </Link>
  );
  return (
    <Shown live={results}>
      {(value) => (
        <Table
          items={files(value)}
          wrapLines
          ariaLabels={{ tableLabel: t('run.downloads') }}
          empty={<Empty text={t('run.downloadsNone')} />}
          header={
            <Header
              variant="h2"
              description={t('run.links', { time: instant(value.urlsExpireAt, language) })}
              actions={<Button iconName="refresh" ariaLabel={t('common.refresh')} onClick={results.refresh} />}
            >
              {t('run.downloads')}
            </Header>
          }
          columnDefinitions={[
            {
              id: 'name',
              minWidth: 200,
              header: t('common.name'),
              isRowHeader: true,
              cell: (file) => link(file.url, file.name),
            },
            { id: 'lines', header: t('run.lines'), cell: (file) => count(file.lines, language) },
            { id: 'bytes', header: t('run.size'), cell: (file) => bytes(file.bytes, language) },
            { id: 'sha', header: 'SHA-256', cell: (file) => <span className="wrap">{file.sha256.slice(0, 16)}…</span> },
          ]}
        />
      )}
    </Shown>
  );
}
