import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { type ConsoleWorld, createConsoleWorld, sizes } from './console-world.ts';
import { countHands, countKeys } from './counted.ts';
import * as hands from './hands.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';
import { helpdeskTasks } from './tasks/helpdesk.ts';

let world: ConsoleWorld;
let page: Page;
let terminal: ScriptedTerminal;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  const admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  await hands.becomeAdmin(admin, world.firstAdmin);
  terminal = await hands.announce(world, admin, '3東-NS-02');
  page = await hands.invite(world, admin, 'helpdesk', 'ヘルプデスク');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
});
after(() => world?.stop());

const seat = () => ({ page, terminal });
helpdeskTasks({ language: 'ja', seat, hands: countHands });
describe('by keys alone, at twice the size', () => {
  before(() => page.setViewportSize(sizes.twice));
  helpdeskTasks({ language: 'en', seat, hands: countKeys });
});

test('nothing was blocked by the page’s policy and no script failed', () => {
  assert.deepEqual(heard, []);
});
