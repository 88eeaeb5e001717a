/** A task: its definition, its versions with what each changed, and the way back to one. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { stringify } from 'yaml';
import { at, call } from '../api.ts';
import { diff, instant } from '../format.ts';
import type { Task, TaskVersion, TaskVersionPage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { ConfirmButton } from '../parts/confirm.tsx';
import { Shown } from '../parts/states.tsx';
import { go, linkTo } from '../router.ts';
import { runNow, scheduleText } from './tasks.tsx';

export function View({ id = '' }: { id: string | undefined }) {
  const { t } = useSpeech();
  const task = useLive<Task>(at('tasks', id));
  const versions = useLive<TaskVersionPage>(`${at('tasks', id)}/versions`, undefined, { limit: 50 });
  const refresh = (): void => {
    task.refresh();
    versions.refresh();
  };
  const remove = async (): Promise<undefined> => {
    await call(at('tasks', id), { method: 'DELETE' });
    go(linkTo('tasks'));
  };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <ConfirmButton text={t('common.delete')} title={t('tasks.deleteTitle', { task: id })} act={remove}>
              {t('tasks.deleteText')}
            </ConfirmButton>
            <Button href={linkTo('edit', id)}>{t('tasks.edit')}</Button>
            <Button variant="primary" onClick={() => void runNow(id)}>
              {t('tasks.run')}
            </Button>
          </SpaceBetween>
        }
      >
        {id}
      </Header>
      <Shown live={task}>{(value) => <About task={value} />}</Shown>
      <Shown live={versions}>
        {({ items }) => <Versions id={id} versions={items} newest={task.value?.version} done={refresh} />}
      </Shown>
      <Shown live={task}>
        {(value) => (
          <Container header={<Header variant="h2">{t('tasks.definition')}</Header>}>
            <pre className="code" tabIndex={0}>
              {stringify(value.task)}
            </pre>
          </Container>
        )}
      </Shown>
    </SpaceBetween>
  );
}

function About({ task }: { task: Task }) {
  const { t, language } = useSpeech();
  const { schedule, warnings = [] } = task;
  return (
    <Container>
      <SpaceBetween size="m">
        {warnings.map((warning) => (
          <Alert key={warning} type="warning">
            {warning}
          </Alert>
        ))}
        <KeyValuePairs
          columns={4}
          items={[
            { label: t('common.version'), value: task.version },
            { label: t('tasks.schedule'), value: scheduleText(task) },
            { label: t('tasks.nextRun'), value: instant(schedule?.nextRuns[0], language) },
            {
              label: t('runs.title'),
              value: <Link href={`${linkTo('runs')}?task=${encodeURIComponent(task.id)}`}>{t('runs.title')}</Link>,
            },
            ...(schedule && schedule.missed > 0
              ? [{ label: t('tasks.schedule'), value: t('tasks.missed', { count: schedule.missed }) }]
              : []),
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}

interface VersionsProps {
  id: string;
  versions: TaskVersion[];
  newest: number | undefined;
  done: () => void;
}
function Versions({ id, versions, newest, done }: VersionsProps) {
  const { t, language } = useSpeech();
  const [shown, setShown] = useState<number>();
  const roll = async (version: number): Promise<string> => {
    const task = await call<Task>(`${at('tasks', id)}/rollback`, { method: 'POST', body: { version } });
    done();
    return t('editor.saved', { version: task.version });
  };
  const chosen = versions.find(({ version }) => version === shown);
  const before = chosen && versions.find(({ version }) => version === chosen.version - 1);
  return (
    <SpaceBetween size="m">
      <Table
        items={versions}
        trackBy={({ version }) => String(version)}
        ariaLabels={{ tableLabel: t('tasks.versions') }}
        header={<Header variant="h2">{t('tasks.versions')}</Header>}
        columnDefinitions={[
          { id: 'version', header: t('common.version'), isRowHeader: true, cell: ({ version }) => version },
          { id: 'created', header: t('common.created'), cell: ({ createdAt }) => instant(createdAt, language) },
          {
            id: 'actions',
            minWidth: 300,
            header: t('common.actions'),
            cell: ({ version }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button ariaLabel={`${t('tasks.show')} ${String(version)}`} onClick={() => setShown(version)}>
                  {t('tasks.show')}
                </Button>
                {version !== newest && (
                  <ConfirmButton
                    text={t('common.rollback')}
                    ariaLabel={`${t('common.rollback')} ${String(version)}`}
                    title={t('tasks.rollbackTitle', { version })}
                    act={() => roll(version)}
                  >
                    {t('tasks.rollbackText')}
                  </ConfirmButton>
                )}
              </SpaceBetween>
            ),
          },
        ]}
      />
      {chosen && (
        <Container
          header={
            <Header variant="h2">{t('tasks.diff', { version: chosen.version, before: before?.version ?? '–' })}</Header>
          }
        >
          {before === undefined ? (
            t('tasks.first')
          ) : (
            <Diff before={stringify(before.task)} after={stringify(chosen.task)} />
          )}
        </Container>
      )}
    </SpaceBetween>
  );
}

const MARKS = { same: '  ', added: '+ ', removed: '- ' };
function Diff({ before, after }: { before: string; after: string }) {
  return (
    <pre className="code" tabIndex={0}>
      {diff(before, after).map(({ kind, text }, i) => (
        <div key={i} className={kind}>
          {MARKS[kind]}
          {text}
        </div>
      ))}
    </pre>
  );
}
