import { type ReactNode, useEffect, useState } from 'react';
import type { SignedIn } from '#contract/api/console.ts';
import { fragmentOf, type Place } from '../data/place.ts';
import { groupOf, groups, type Room } from '../data/rooms.ts';
import { useFragment } from '../data/use-asked.ts';
import { useWords } from '../data/use-words.ts';
import { Brand } from './brand.tsx';
import { Icon } from './icon.tsx';
import { LanguageSwitch } from './language-switch.tsx';

interface MenuProps {
  readonly signedIn: SignedIn;
  readonly signOut: () => void;
  readonly rooms: readonly Room[];
  readonly here: Place['kind'];
  readonly search: () => void;
}

/** Beside the page, or above it and folded where there is no room. */
export const Menu = ({ signedIn, signOut, rooms, here, search }: MenuProps): ReactNode => {
  const { say } = useWords();
  const { person } = signedIn;
  const fragment = useFragment();
  const [open, setOpen] = useState(false);
  // Whoever went somewhere wants to see it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes with each change of the address
  useEffect(() => setOpen(false), [fragment]);
  return (
    <header className={open ? 'head open' : 'head'}>
      <div className="head-brand">
        <Brand />
        <span className="head-what">{say('nav.console')}</span>
      </div>
      <button type="button" className="head-search" onClick={search} aria-keyshortcuts="Control+K">
        <Icon name="search" />
        <span>{say('palette.open')}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <button type="button" className="menu-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="menu" />
        <span>{say('nav.menu')}</span>
      </button>
      <nav className="nav" aria-label={say('nav.label')}>
        {groups.map((group) => {
          const members = rooms.filter((room) => groupOf(room) === group);
          if (members.length === 0) return null;
          return (
            <div key={group} className="nav-group">
              <p className="nav-heading">{say(`nav.group.${group}`)}</p>
              {members.map((room) => (
                <a
                  key={room.word}
                  href={fragmentOf(room.place)}
                  aria-current={room.place.kind === here ? 'page' : undefined}
                >
                  <Icon name={room.icon} />
                  <span>{say(room.word)}</span>
                </a>
              ))}
            </div>
          );
        })}
      </nav>
      <div className="head-person">
        <p className="me">
          <span className="me-name">{person.name}</span>
          <span className="me-roles">
            {person.roles.map((role) => say(`role.${role}`)).join(say('common.list-separator'))}
          </span>
        </p>
        <LanguageSwitch />
        <div className="head-links">
          <Link to="help" here={here} icon="info" word="nav.help" />
          <Link to="sign-in" here={here} icon="passkey" word="nav.sign-in" />
          <button type="button" className="head-link" onClick={signOut}>
            <Icon name="leave" />
            <span>{say('nav.sign-out')}</span>
          </button>
        </div>
      </div>
    </header>
  );
};

interface LinkProps {
  readonly to: 'help' | 'sign-in';
  readonly here: Place['kind'];
  readonly icon: 'info' | 'passkey';
  readonly word: 'nav.help' | 'nav.sign-in';
}

const Link = ({ to, here, icon, word }: LinkProps): ReactNode => {
  const { say } = useWords();
  return (
    <a className="head-link" href={fragmentOf({ kind: to })} aria-current={here === to ? 'page' : undefined}>
      <Icon name={icon} />
      <span>{say(word)}</span>
    </a>
  );
};
