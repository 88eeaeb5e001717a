/** What runs, how fast, what is stuck and why: four looks, each on its own, so that none waits for another. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Link from '@cloudscape-design/components/link';
import type { ReactNode } from 'react';
import { count, isEnded, rate, usd } from '../format.ts';
import type { AlertPage, HostPage, RunPage, Usage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive, type Live } from '../live.ts';
import { RunTable } from '../parts/run-parts.tsx';
import { Empty, Shown } from '../parts/states.tsx';
import { linkTo } from '../router.ts';

const SHOWN = 20;
const today = (): string => new Date().toISOString().slice(0, 10);

export function Overview() {
  const { t, language } = useSpeech();
  const runs = useLive<RunPage>('runs', 2_000, { limit: SHOWN });
  const alerts = useLive<AlertPage>('alerts', 10_000, { state: 'raised', limit: 100 });
  const hosts = useLive<HostPage>('hosts', 10_000, { limit: 200 });
  const usage = useLive<Usage>('usage', 60_000, { from: today(), to: today() });
  const of = <T,>(live: Live<T>, show: (value: T) => string): string =>
    live.value === undefined ? (live.error === undefined ? '…' : '–') : show(live.value);
  const living = (page: RunPage) => page.items.filter(({ state }) => !isEnded(state));
  const trouble = troubles(runs.value, alerts.value, hosts.value, t);
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t('nav.overview')}</Header>
      <Container>
        <div className="grid">
          <Figure label={t('overview.now')}>{of(runs, (page) => count(living(page).length, language))}</Figure>
          <Figure label={t('overview.throughput')}>
            {of(runs, (page) =>
              rate(
                living(page).reduce((sum, run) => sum + run.rate.targetsPerSecond, 0),
                language,
              ),
            )}
          </Figure>
          <Figure label={t('overview.failures')}>
            {of(runs, (page) =>
              count(
                page.items.reduce((sum, run) => sum + run.progress.failed, 0),
                language,
              ),
            )}
          </Figure>
          <Figure label={t('overview.alerts')}>{of(alerts, (page) => count(page.items.length, language))}</Figure>
          <Figure label={t('overview.cost')}>{of(usage, (value) => usd(value.total.costUsd, language))}</Figure>
        </div>
      </Container>
      <Container header={<Header variant="h2">{t('overview.trouble')}</Header>}>
        {trouble.length === 0 ? (
          <StatusIndicator type="success">{t('overview.calm')}</StatusIndicator>
        ) : (
          <SpaceBetween size="xs">{trouble}</SpaceBetween>
        )}
      </Container>
      <Shown live={runs}>
        {(page) => (
          <RunTable
            runs={page.items}
            header={<Header variant="h2">{t('overview.recent')}</Header>}
            empty={
              <Empty text={t('overview.start')} action={<Button href={linkTo('edit')}>{t('tasks.create')}</Button>} />
            }
          />
        )}
      </Shown>
    </SpaceBetween>
  );
}

const Figure = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <Box variant="awsui-key-label">{label}</Box>
    <Box fontSize="display-l" fontWeight="bold" variant="div">
      {children}
    </Box>
  </div>
);

const STILL = new Set(['stopped', 'open', 'operator', 'tenant', 'half']);
const STUCK_MAX = 8;

function troubles(
  runs: RunPage | undefined,
  alerts: AlertPage | undefined,
  hosts: HostPage | undefined,
  t: ReturnType<typeof useSpeech>['t'],
): ReactNode[] {
  const lines: ReactNode[] = [];
  const line = (key: string, type: 'error' | 'warning' | 'stopped', href: string, text: string): void => {
    lines.push(
      <StatusIndicator key={key} type={type} wrapText>
        <Link href={href}>{text}</Link>
      </StatusIndicator>,
    );
  };
  for (const { id, taskId, detail } of alerts?.items ?? [])
    line(id, 'error', linkTo('alerts'), t('overview.alert', { task: taskId, detail }));
  for (const { host, why, because, requestsPerSecond } of hosts?.items ?? [])
    if (requestsPerSecond === 0 && STILL.has(why))
      line(host, 'stopped', linkTo('hosts'), t('overview.hostStopped', { host, because }));
  for (const run of runs?.items ?? []) {
    if (run.heldBy !== undefined)
      line(run.id, 'warning', linkTo('run', run.id), t('overview.runHeld', { task: run.taskId }));
    else if (run.state === 'FAILED')
      line(
        run.id,
        'error',
        linkTo('run', run.id),
        t('overview.runFailed', { task: run.taskId, state: run.state, detail: run.error?.detail ?? '' }),
      );
  }
  return lines.slice(0, STUCK_MAX);
}
