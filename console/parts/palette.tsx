import { type KeyboardEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { fold } from '../data/fold.ts';
import { fragmentOf } from '../data/place.ts';
import type { Room } from '../data/rooms.ts';
import { tryReadSupportCode } from '../data/support-code.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Icon, type IconName } from './icon.tsx';

interface Choice {
  readonly key: string;
  readonly icon: IconName;
  readonly words: string;
  readonly more?: string;
  readonly does: () => void;
}

const goTo = (fragment: string) => (): void => {
  location.hash = fragment;
};
const acts = [
  { needs: 'people/add', fragment: '#/people?do=add', icon: 'plus', word: 'people.add' },
  { needs: 'ceremonies/begin', fragment: '#/people?do=find', icon: 'tap', word: 'find.title' },
  { needs: 'ceremonies/begin', fragment: '#/card-queue', icon: 'card', word: 'queue.title' },
  { needs: 'people/apply-import', fragment: '#/import', icon: 'copy', word: 'import.title' },
  { needs: 'terminals/announce', fragment: '#/terminals?do=announce', icon: 'terminal', word: 'terminals.announce' },
  { needs: 'ceremonies/begin', fragment: '#/loan-cards?do=enrol', icon: 'lend', word: 'loan-cards.enrol' },
  { needs: 'emergency-codes/make', fragment: '#/emergency-codes?do=make', icon: 'password', word: 'emergency.make' },
] as const;

/** What may be done for the person whose page is open. */
const personActs = [
  { needs: 'ceremonies/begin', asked: 'card', icon: 'card', word: 'card.enrol' },
  { needs: 'ceremonies/begin', asked: 'pin', icon: 'keypad', word: 'palette.pin' },
  { needs: 'people/begin-totp', asked: 'totp', icon: 'phone', word: 'palette.totp' },
  { needs: 'substitutes/issue', asked: 'substitute', icon: 'lend', word: 'substitute.give' },
  { needs: 'people/change', asked: 'change', icon: 'copy', word: 'change.title' },
  { needs: 'people/suspend', asked: 'suspend', icon: 'warning', word: 'suspend.title' },
] as const;

interface PaletteProps {
  readonly rooms: readonly Room[];
  readonly close: () => void;
  readonly signOut: () => void;
}

/** Pages, people, support codes and acts, by a few letters. */
export const Palette = ({ rooms, close, signOut }: PaletteProps): ReactNode => {
  const { say, language, choose } = useWords();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  useLayoutEffect(() => {
    const own = dialog.current;
    own?.showModal();
    return () => own?.close();
  }, []);
  const people = useFound(typed);
  const choices = [...useCode(typed), ...(people ?? []), ...useActs(typed, rooms)];
  const other = language === 'ja' ? 'en' : 'ja';
  const fitting = (words: string): boolean => fold(words).includes(fold(typed));
  const own: readonly Choice[] = [
    { key: 'help', icon: 'info', words: say('nav.help'), does: goTo('#/help') },
    { key: 'sign-in', icon: 'passkey', words: say('nav.sign-in'), does: goTo('#/sign-in') },
    { key: 'language', icon: 'copy', words: say('palette.language'), does: () => choose(other) },
    { key: 'leave', icon: 'leave', words: say('nav.sign-out'), does: signOut },
  ];
  const shown = [...choices, ...own.filter(({ words }) => fitting(words))].slice(0, 30);
  const chosen = Math.min(at, Math.max(shown.length - 1, 0));
  const take = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    close();
    choice.does();
  };
  /** Enter was pressed before it was known who is meant. */
  const [isHurried, setIsHurried] = useState(false);
  useEffect(() => {
    if (!isHurried || people === undefined) return;
    setIsHurried(false);
    take(shown[chosen]);
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to !== undefined && shown.length > 0) {
      event.preventDefault();
      setAt((to + shown.length) % shown.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (people === undefined) setIsHurried(true);
      else take(shown[chosen]);
    }
  };
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label={say('palette.title')}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div className="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={shown.length === 0 ? undefined : `${list}-${chosen}`}
          aria-label={say('palette.title')}
          placeholder={say('palette.hint')}
          autoComplete="off"
          maxLength={80}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
            setIsHurried(false);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id={list} className="palette-list" role="listbox" aria-label={say('palette.found')}>
        {shown.map((choice, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field that holds the focus takes the keys
          <div
            key={choice.key}
            id={`${list}-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === chosen}
            ref={(line) => {
              if (place === chosen) line?.scrollIntoView({ block: 'nearest' });
            }}
            onClick={() => take(choice)}
          >
            <Icon name={choice.icon} />
            <span className="palette-words">{choice.words}</span>
            {choice.more !== undefined && <small>{choice.more}</small>}
          </div>
        ))}
      </div>
      {shown.length === 0 && people !== undefined && <p className="palette-none">{say('palette.none')}</p>}
    </dialog>
  );
};

const useCode = (typed: string): readonly Choice[] => {
  const { say } = useWords();
  const mayExplain = useMay()('refusals/explain');
  const code = tryReadSupportCode(typed);
  if (code === undefined || !mayExplain) return [];
  const does = goTo(fragmentOf({ kind: 'refusal', code }));
  return [{ key: 'code', icon: 'search', words: say('why.title'), more: code, does }];
};

/** `undefined` while the people of what is typed are asked for: those of what was typed before are others. */
const useFound = (typed: string): readonly Choice[] | undefined => {
  const mayList = useMay()('people/list');
  const search = typed.trim();
  const asks = mayList && search !== '';
  const found = useData('people/list', asks ? { query: { search, limit: 6 } } : undefined, []);
  if (!asks) return [];
  if (!found.isCurrent || found.data.kind === 'loading') return undefined;
  if (found.data.kind === 'failed') return [];
  return found.data.value.people.map(({ id, name, kana, number }) => ({
    key: id,
    icon: 'people',
    words: name,
    more: [kana, number].filter((part) => part !== '').join(' · '),
    does: goTo(fragmentOf({ kind: 'person', id })),
  }));
};

const useActs = (typed: string, rooms: readonly Room[]): readonly Choice[] => {
  const { say } = useWords();
  const may = useMay();
  const person = /^#\/people\/[^?]+/.exec(location.hash)?.[0];
  const name = document.querySelector('#page h1')?.textContent ?? '';
  const forPerson = person === undefined ? [] : personActs.filter(({ needs }) => may(needs));
  const offered: readonly Choice[] = [
    ...forPerson.map(({ asked, icon, word }) => ({
      key: `person-${asked}`,
      icon,
      words: say(word),
      more: name,
      does: goTo(`${person}?do=${asked}`),
    })),
    ...rooms.map(({ place, icon, word }) => ({ key: word, icon, words: say(word), does: goTo(fragmentOf(place)) })),
    ...acts
      .filter(({ needs }) => may(needs))
      .map(({ fragment, icon, word }) => ({ key: fragment, icon, words: say(word), does: goTo(fragment) })),
  ];
  const wanted = fold(typed);
  return offered.filter(({ words, more = '' }) => fold(`${words}${more}`).includes(wanted));
};
