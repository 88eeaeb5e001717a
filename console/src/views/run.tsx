/** One run, live: what it has, how fast, what failed and why, and the levers to steer it. */
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import Link from '@cloudscape-design/components/link';
import { useEffect, useState } from 'react';
import { at, call } from '../api.ts';
import { bytes, count, duration, instant, isEnded, percentDone, usd } from '../format.ts';
import type { HostPage, Run, ShardPage } from '../generated/api.ts';
import { useSpeech, type Word } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { Dot, PartsBar, RateChart, type Sample } from '../parts/charts.tsx';
import { ConfirmButton } from '../parts/confirm.tsx';
import { RunState } from '../parts/run-parts.tsx';
import { Shown } from '../parts/states.tsx';
import { linkTo, usePlace } from '../router.ts';
import { Downloads, Explain, Failures, Records, Shards, Timeline } from './run-tabs.tsx';

const BUCKETS = ['collected', 'unmodified', 'duplicate', 'excluded', 'disallowed', 'overBudget', 'failed', 'cancelled', 'pending'] as const; // prettier-ignore
const SAMPLES_MAX = 300;

export function View({ id = '' }: { id: string | undefined }) {
  const { t } = useSpeech();
  const run = useLive<Run>(at('runs', id), 1_000);
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={<span className="wrap">{id}</span>}
        actions={run.value && <Levers run={run.value} done={run.refresh} />}
      >
        {t('run.title', { task: run.value?.taskId ?? '…' })}
      </Header>
      <Shown live={run}>{(value) => <Body run={value} />}</Shown>
    </SpaceBetween>
  );
}

const LEVERS: { does: 'pause' | 'resume' | 'stop' | 'redrive'; text: Word; from: (run: Run) => boolean }[] = [
  { does: 'pause', text: 'run.pauseText', from: ({ state }) => state === 'RUNNING' },
  { does: 'resume', text: 'run.resumeText', from: ({ state }) => state === 'PAUSED' },
  { does: 'stop', text: 'run.stopText', from: ({ state }) => !isEnded(state) && state !== 'FINALIZING' },
  { does: 'redrive', text: 'run.redriveText', from: (run) => isEnded(run.state) && run.progress.failed > 0 },
];

function Levers({ run, done }: { run: Run; done: () => void }) {
  const { t } = useSpeech();
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {LEVERS.filter(({ from }) => from(run)).map(({ does, text }) => (
        <ConfirmButton
          key={does}
          text={t(`run.${does}`)}
          title={t(`run.${does}`)}
          act={async () => {
            await call(`${at('runs', run.id)}/${does}`, { method: 'POST' });
            done();
            return undefined;
          }}
        >
          {t(text)}
        </ConfirmButton>
      ))}
    </SpaceBetween>
  );
}

/** The rate as seen from here, since this view was opened. */
function useSamples(run: Run): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (isEnded(run.state)) return;
    const sample = { atMs: Date.now(), value: run.rate.targetsPerSecond };
    setSamples((before) => [...before, sample].slice(-SAMPLES_MAX));
  }, [run]);
  return samples;
}

function Body({ run }: { run: Run }) {
  const { t, language } = useSpeech();
  const living = !isEnded(run.state);
  const samples = useSamples(run);
  const asked = usePlace().query.get('url');
  const [tab, setTab] = useState('shards');
  useEffect(() => {
    if (asked !== null) setTab('explain');
  }, [asked]);
  const shards = useLive<ShardPage>(`${at('runs', run.id)}/shards`, living ? 4_000 : undefined, { limit: 400 });
  const hosts = useLive<HostPage>(living ? 'hosts' : undefined, 5_000, { limit: 200 });
  const own = new Set(shards.value?.items.flatMap((shard) => shard.hosts));
  const ownHosts = (hosts.value?.items ?? []).filter(({ host }) => own.has(host));
  const allowed = ownHosts.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0);
  return (
    <SpaceBetween size="l">
      {run.error && (
        <Alert type="error" header={run.error.type}>
          <span className="wrap">{run.error.detail}</span>
        </Alert>
      )}
      {run.heldBy && (
        <Alert type="warning">{run.quota === undefined ? t('run.held') : t('run.quota', { quota: run.quota })}</Alert>
      )}
      {run.waitsFor !== undefined && (
        <Alert type="info">
          <Link href={linkTo('run', run.waitsFor)}>{t('run.waits', { run: run.waitsFor })}</Link>
        </Alert>
      )}
      <div className="two">
        <Progress run={run} />
        <Container header={<Header variant="h2">{t('run.rateChart')}</Header>}>
          <RateChart samples={samples} limit={ownHosts.length === 0 ? undefined : allowed} label={t('run.rateChart')} />
          {ownHosts.length > 0 && (
            <ul className="hosts">
              {ownHosts.slice(0, 5).map((host) => (
                <li key={host.host} className="wrap">
                  <Link href={linkTo('hosts')}>{host.host}</Link>{' '}
                  {t('common.perSecond', { rate: count(Math.round(host.requestsPerSecond * 100) / 100, language) })} ·{' '}
                  {host.because}
                </li>
              ))}
            </ul>
          )}
        </Container>
      </div>
      <Tabs
        activeTabId={tab}
        onChange={({ detail }) => setTab(detail.activeTabId)}
        ariaLabel={t('run.title', { task: run.taskId })}
        tabs={[
          { id: 'shards', label: t('run.shards'), content: <Shards run={run} shards={shards} /> },
          { id: 'timeline', label: t('run.timeline'), content: <Timeline run={run} /> },
          {
            id: 'failures',
            label: `${t('run.failures')} (${count(run.progress.failed, language)})`,
            content: <Failures run={run} />,
          },
          { id: 'explain', label: t('run.explain'), content: <Explain run={run} /> },
          { id: 'records', label: t('runs.records'), content: <Records run={run} /> },
          { id: 'downloads', label: t('run.downloads'), content: <Downloads run={run} /> },
        ]}
      />
    </SpaceBetween>
  );
}

function Progress({ run }: { run: Run }) {
  const { t, language } = useSpeech();
  const { progress, rate } = run;
  const parts = BUCKETS.map((name) => ({ name, value: progress[name] })).filter(({ value }) => value > 0);
  const took = run.startedAt && Date.parse(run.finishedAt ?? new Date().toISOString()) - Date.parse(run.startedAt);
  const all = count(progress.discovered, language);
  return (
    <Container header={<Header variant="h2">{t('run.overview')}</Header>}>
      <SpaceBetween size="m">
        <RunState run={run} />
        <ProgressBar
          value={percentDone(run)}
          label={t('run.done', { done: count(progress.discovered - progress.pending, language), all })}
          {...(rate.etaSeconds !== undefined &&
            !isEnded(run.state) && { additionalInfo: t('run.eta', { time: duration(rate.etaSeconds * 1000) }) })}
        />
        <PartsBar parts={parts} label={t('run.buckets')} />
        <div className="legend">
          {parts.map(({ name, value }) => (
            <span key={name}>
              <Dot name={name} /> {name} {count(value, language)}
            </span>
          ))}
        </div>
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('runs.records'), value: count(progress.records, language) },
            { label: t('run.size'), value: bytes(progress.bytes, language) },
            { label: t('runs.cost'), value: run.costUsd === undefined ? '–' : usd(run.costUsd, language) },
            { label: t('runs.started'), value: instant(run.startedAt, language) },
            { label: t('run.took'), value: typeof took === 'number' ? duration(took) : '–' },
            {
              label: t('runs.task'),
              value: (
                <Link href={linkTo('task', run.taskId)}>
                  {run.taskId} · {t('common.version')} {run.taskVersion}
                </Link>
              ),
            },
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}
