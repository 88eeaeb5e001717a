/** The frame around every view: language, theme, sign-in, navigation. Views are loaded when they are opened. */
import { applyMode, Mode } from '@cloudscape-design/global-styles';
import AppLayout from '@cloudscape-design/components/app-layout';
import SideNavigation from '@cloudscape-design/components/side-navigation';
import TopNavigation from '@cloudscape-design/components/top-navigation';
import { lazy, Suspense, useEffect, useMemo, useState, type ComponentType } from 'react';
import { apiKey } from './api.ts';
import {
  preferredLanguage,
  speech,
  SpeechContext,
  wordsOf,
  type Language,
  type Speech,
  type Word,
} from './i18n/language.tsx';
import { en, type Words } from './i18n/en.ts';
import { Loading, Messages } from './parts/states.tsx';
import { linkTo, usePlace, go } from './router.ts';
import { Overview } from './views/overview.tsx';
import { SignIn } from './views/sign-in.tsx';

type View = ComponentType<{ id: string | undefined }>;
const later = (load: () => Promise<{ View: View }>): View => lazy(async () => ({ default: (await load()).View }));
const VIEWS: { [path: string]: View } = {
  tasks: later(() => import('./views/tasks.tsx')),
  task: later(() => import('./views/task.tsx')),
  edit: later(() => import('./views/editor.tsx')),
  runs: later(() => import('./views/runs.tsx')),
  run: later(() => import('./views/run.tsx')),
  hosts: later(() => import('./views/hosts.tsx')),
  alerts: later(() => import('./views/alerts.tsx')),
  'dead-letters': later(() => import('./views/dead-letters.tsx')),
  usage: later(() => import('./views/usage.tsx')),
  settings: later(() => import('./views/settings.tsx')),
};
const SECTIONS: [string, Word][] = [
  ['', 'nav.overview'],
  ['tasks', 'nav.tasks'],
  ['runs', 'nav.runs'],
  ['hosts', 'nav.hosts'],
  ['alerts', 'nav.alerts'],
  ['dead-letters', 'nav.deadLetters'],
  ['usage', 'nav.usage'],
  ['settings', 'nav.settings'],
];
const SECTION_OF: { [path: string]: string } = { task: 'tasks', edit: 'tasks', run: 'runs' };

const stored = (name: string): string | null => localStorage.getItem(`gleaner.${name}`);
const store = (name: string, value: string): void => localStorage.setItem(`gleaner.${name}`, value);

function useLanguage(): [Speech, (language: Language) => void] {
  const [language, setLanguage] = useState(() => preferredLanguage(stored('language'), navigator.language));
  const [spoken, setSpoken] = useState<{ language: Language; words: Words }>({ language: 'en', words: en });
  useEffect(() => {
    let gone = false;
    void wordsOf(language).then((words) => {
      if (gone) return;
      setSpoken({ language, words });
      document.documentElement.lang = language;
    });
    return () => {
      gone = true;
    };
  }, [language]);
  const said = useMemo(() => speech(spoken.language, spoken.words), [spoken]);
  const choose = (chosen: Language): void => {
    store('language', chosen);
    setLanguage(chosen);
  };
  return [said, choose];
}

function useTheme(): [boolean, (dark: boolean) => void] {
  const [dark, setDark] = useState(
    () => (stored('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark',
  );
  useEffect(() => applyMode(dark ? Mode.Dark : Mode.Light), [dark]);
  const choose = (chosen: boolean): void => {
    store('theme', chosen ? 'dark' : 'light');
    setDark(chosen);
  };
  return [dark, choose];
}

export function App() {
  const [said, setLanguage] = useLanguage();
  const [dark, setDark] = useTheme();
  // Wide enough for both, by the measure of Cloudscape.
  const [open, setOpen] = useState(() => matchMedia('(min-width: 689px)').matches);
  const [signedIn, setSignedIn] = useState(() => apiKey.get() !== undefined);
  const { path } = usePlace();
  const [name = '', id] = path;
  useEffect(() => {
    const out = (): void => {
      apiKey.clear();
      setSignedIn(false);
    };
    addEventListener('gleaner:signed-out', out);
    return () => removeEventListener('gleaner:signed-out', out);
  }, []);
  const { t, language } = said;
  const View = VIEWS[name];
  const section = SECTION_OF[name] ?? name;
  const word = SECTIONS.find(([at]) => at === section)?.[1] ?? 'nav.overview';
  useEffect(() => {
    document.title = `${t(word)} · Gleaner`;
  }, [t, word]);
  return (
    <SpeechContext value={said}>
      <div id="top">
        <TopNavigation
          identity={{ href: '#/', title: 'Gleaner' }}
          utilities={[
            {
              type: 'button',
              text: language === 'en' ? '中文' : 'English',
              onClick: () => setLanguage(language === 'en' ? 'zh-CN' : 'en'),
            },
            { type: 'button', text: dark ? t('app.light') : t('app.dark'), onClick: () => setDark(!dark) },
            ...(signedIn
              ? [
                  {
                    type: 'button' as const,
                    text: t('app.signOut'),
                    onClick: () => void dispatchEvent(new Event('gleaner:signed-out')),
                  },
                ]
              : []),
          ]}
        />
      </div>
      {signedIn ? (
        <AppLayout
          headerSelector="#top"
          toolsHide
          navigationWidth={220}
          navigationOpen={open}
          onNavigationChange={({ detail }) => setOpen(detail.open)}
          ariaLabels={{
            navigation: t('app.navigation'),
            navigationToggle: t('app.navigation'),
            navigationClose: t('common.close'),
          }}
          navigation={
            <SideNavigation
              activeHref={linkTo(...(section === '' ? [] : [section]))}
              items={SECTIONS.map(([at, text]) => ({
                type: 'link',
                text: t(text),
                href: linkTo(...(at === '' ? [] : [at])),
              }))}
              onFollow={(event) => {
                event.preventDefault();
                go(event.detail.href);
                if (!matchMedia('(min-width: 689px)').matches) setOpen(false);
              }}
            />
          }
          notifications={<Messages />}
          content={
            <Suspense fallback={<Loading />}>
              {View === undefined ? <Overview /> : <View key={path.join('/')} id={id} />}
            </Suspense>
          }
        />
      ) : (
        <SignIn onDone={() => setSignedIn(true)} />
      )}
    </SpeechContext>
  );
}
