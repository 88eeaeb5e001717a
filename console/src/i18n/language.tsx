/** The page's words in the user's language, and its theme. */
import { createContext, useContext } from 'react';
import { en, type Words } from './en.ts';

export type Language = 'en' | 'zh-CN';
export type Word = keyof Words;
export const wordsOf = async (language: Language): Promise<Words> =>
  language === 'zh-CN' ? (await import('./zh-cn.ts')).zhCN : en;

/** `{name}` in a sentence becomes the value of that name. */
export const fill = (sentence: string, values: { [name: string]: string | number } = {}): string =>
  sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

export interface Speech {
  language: Language;
  t: (word: Word, values?: { [name: string]: string | number }) => string;
}
export const speech = (language: Language, words: Words): Speech => ({
  language,
  t: (word, values) => fill(words[word], values),
});
export const SpeechContext = createContext<Speech>(speech('en', en));
export const useSpeech = (): Speech => useContext(SpeechContext);

export const preferredLanguage = (stored: string | null, navigatorLanguage: string): Language => {
  const wanted = stored ?? navigatorLanguage;
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
};
