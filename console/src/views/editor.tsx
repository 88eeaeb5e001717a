/** A task as YAML, judged while it is written, and tried on one page before it is saved. */
import Alert from '@cloudscape-design/components/alert';
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
import { useEffect, useState } from 'react';
import { stringify } from 'yaml';
import { at, call, Refused } from '../api.ts';
import { bytes } from '../format.ts';
import type { Preview, Task } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { CodeField } from '../parts/code-field.tsx';
import { RecordTable } from '../parts/record-table.tsx';
import { say, sayRefused, Shown } from '../parts/states.tsx';
import { go, linkTo } from '../router.ts';
import { lineOf, readYaml, withField, type Schema } from '../schema.ts';

const FIRST = `name: my-task
source:
  urls:
    - https://example.com/
extract:
  fields:
    title: h1
pace: { requestsPerSecond: 2 }
`;
const SETTLED_MS = 700;

export function View({ id }: { id: string | undefined }) {
  const task = useLive<Task>(id === undefined ? undefined : at('tasks', id));
  if (id === undefined) return <Editor text={FIRST} task={undefined} />;
  return <Shown live={task}>{(value) => <Editor text={stringify(value.task)} task={value} />}</Shown>;
}

interface Wrong {
  line: number;
  message: string;
}
type Judgement = { kind: 'checking' } | { kind: 'valid'; warnings: string[] } | { kind: 'wrong'; errors: Wrong[] };

const wrongsOf = (text: string, error: unknown): Wrong[] => {
  if (!(error instanceof Refused)) return [{ line: 1, message: String(error) }];
  if (error.errors.length === 0) return [{ line: 1, message: error.message }];
  return error.errors.map(({ path, message }) => {
    const inTask = path.replace(/^task\.?/, '');
    return { line: lineOf(text, inTask), message: `${inTask}: ${message}` };
  });
};

/** What the API thinks of the document, once it has stood still for a moment. */
function useJudgement(text: string): Judgement {
  const [judged, setJudged] = useState<Judgement>({ kind: 'checking' });
  useEffect(() => {
    setJudged({ kind: 'checking' });
    const gone = new AbortController();
    const timer = setTimeout(() => {
      const { value: task, errors } = readYaml(text);
      if (errors.length > 0) {
        setJudged({ kind: 'wrong', errors });
        return;
      }
      call<Preview>('preview', { method: 'POST', body: { task: task ?? {} }, signal: gone.signal })
        .then(({ warnings }) => setJudged({ kind: 'valid', warnings }))
        .catch((error: unknown) => {
          if (!gone.signal.aborted) setJudged({ kind: 'wrong', errors: wrongsOf(text, error) });
        });
    }, SETTLED_MS);
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [text]);
  return judged;
}

interface Described {
  components?: { schemas?: { TaskDocument?: Schema } };
}

function Editor({ text: given, task }: { text: string; task: Task | undefined }) {
  const { t } = useSpeech();
  const [text, setText] = useState(given);
  const judged = useJudgement(text);
  const described = useLive<Described>('openapi.json');
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      const body = readYaml(text).value;
      const saved = task
        ? await call<Task>(at('tasks', task.id), { method: 'PUT', body, headers: { 'if-match': task.etag } })
        : await call<Task>('tasks', { method: 'POST', body });
      say('success', t('editor.saved', { version: saved.version }));
      go(linkTo('task', saved.id));
    } catch (error) {
      if (error instanceof Refused && error.status === 412) say('error', t('editor.conflict'));
      else sayRefused(error);
    }
    setBusy(false);
  };
  const errors = judged.kind === 'wrong' ? judged.errors : [];
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" href={task ? linkTo('task', task.id) : linkTo('tasks')}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" loading={busy} disabled={judged.kind !== 'valid'} onClick={() => void save()}>
              {t('common.save')}
            </Button>
          </SpaceBetween>
        }
      >
        {task ? t('editor.edit', { task: task.id }) : t('editor.new')}
      </Header>
      <div className="two">
        <SpaceBetween size="m">
          <Box>
            <Box variant="awsui-key-label">
              <label htmlFor="document">{t('editor.document')}</label>
            </Box>
            <CodeField
              id="document"
              value={text}
              onChange={setText}
              schema={described.value?.components?.schemas?.TaskDocument}
              wrong={new Set(errors.map(({ line }) => line))}
            />
            <div id="document-help">
              <Box color="text-body-secondary" fontSize="body-s">
                {t('editor.help')}
              </Box>
            </div>
          </Box>
          <Judged judged={judged} />
        </SpaceBetween>
        <TryIt
          text={text}
          ready={judged.kind === 'valid'}
          add={(name, field) => setText(withField(text, name, field))}
        />
      </div>
    </SpaceBetween>
  );
}

function Judged({ judged }: { judged: Judgement }) {
  const { t } = useSpeech();
  return (
    <div aria-live="polite">
      {judged.kind === 'checking' && <StatusIndicator type="loading">{t('editor.checking')}</StatusIndicator>}
      {judged.kind === 'valid' && <StatusIndicator type="success">{t('editor.valid')}</StatusIndicator>}
      {judged.kind === 'valid' &&
        judged.warnings.map((warning) => (
          <Alert key={warning} type="warning">
            {warning}
          </Alert>
        ))}
      {judged.kind === 'wrong' && (
        <Alert type="error" header={t('editor.errors')}>
          <ul className="story">
            {judged.errors.map(({ line, message }) => (
              <li key={`${String(line)} ${message}`} className="wrap">
                {t('editor.line', { line })}: {message}
              </li>
            ))}
          </ul>
        </Alert>
      )}
    </div>
  );
}

interface TryProps {
  text: string;
  ready: boolean;
  add: (name: string, field: unknown) => void;
}
/** The first address that the document names. */
const firstUrl = (text: string): string => /https?:\/\/[^\s"'\]},]+/.exec(text)?.[0] ?? '';

function TryIt({ text, ready, add }: TryProps) {
  const { t, language } = useSpeech();
  const [typed, setTyped] = useState<string>();
  const [got, setGot] = useState<Preview>();
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const url = typed ?? firstUrl(text);
  const go = async (): Promise<void> => {
    setBusy(true);
    setWrong('');
    try {
      setGot(await call<Preview>('preview', { method: 'POST', body: { task: readYaml(text).value, url } }));
    } catch (error) {
      setWrong((error as Error).message);
    }
    setBusy(false);
  };
  const page = got?.page;
  return (
    <Container header={<Header variant="h2">{t('editor.try')}</Header>}>
      <SpaceBetween size="m">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void go();
          }}
        >
          <SpaceBetween size="s">
            <FormField label={t('editor.tryUrl')} description={t('editor.tryHint')} errorText={wrong} stretch>
              <Input value={url} inputMode="url" onChange={({ detail }) => setTyped(detail.value)} />
            </FormField>
            <Button formAction="submit" loading={busy} disabled={!ready || url === ''}>
              {t('editor.tryGo')}
            </Button>
          </SpaceBetween>
        </form>
        {got?.problem && (
          <Alert type="warning">
            {t('editor.tryFailed', { reason: got.problem.reason })}: <span className="wrap">{got.problem.detail}</span>
          </Alert>
        )}
        {page && (
          <StatusIndicator type="success">
            {page.status} · {page.contentType} · {bytes(page.bytes, language)} · {page.ms} ms
          </StatusIndicator>
        )}
        {page && (
          <SpaceBetween size="m">
            <Header variant="h3">{t('editor.tryRecords')}</Header>
            <RecordTable
              records={(got.records ?? []).map((data) => ({ url: page.finalUrl, data }))}
              empty={t('editor.tryNone')}
            />
            <Table
              items={got.candidates ?? []}
              wrapLines
              ariaLabels={{ tableLabel: t('editor.tryFields') }}
              header={
                <Header variant="h3" description={t('editor.tryFieldsHint')}>
                  {t('editor.tryFields')}
                </Header>
              }
              columnDefinitions={[
                {
                  id: 'add',
                  header: t('common.name'),
                  minWidth: 110,
                  cell: ({ name, css, attr, json }) => {
                    const field = json === undefined ? { css, ...(attr !== undefined && { attr }) } : { json };
                    return (
                      <Button
                        variant="inline-link"
                        ariaLabel={t('editor.tryAdd', { field: name })}
                        onClick={() => add(name, field)}
                      >
                        {name}
                      </Button>
                    );
                  },
                },
                {
                  id: 'selector',
                  header: 'CSS / JSONPath',
                  cell: ({ css, json }) => <span className="wrap">{css ?? json}</span>,
                },
                {
                  id: 'sample',
                  header: t('run.examples'),
                  cell: ({ sample }) => <span className="wrap">{sample}</span>,
                },
              ]}
            />
            <Link href={page.finalUrl} target="_blank" rel="noreferrer">
              <span className="wrap">{page.finalUrl}</span>
            </Link>
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
