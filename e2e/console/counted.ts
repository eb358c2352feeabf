import type { Locator, Page } from 'playwright';

/** Somebody's hands at the console. Each click, each field that is filled or chosen from, each key is one action. */
export interface Counted {
  click(what: Locator): Promise<void>;
  fill(what: Locator, text: string): Promise<void>;
  press(key: string): Promise<void>;
  count(): number;
}

export const countHands = (page: Page): Counted => {
  let actions = 0;
  const one = async (does: Promise<void>): Promise<void> => {
    actions += 1;
    await does;
  };
  return {
    click: (what) => one(what.click()),
    fill: (what, text) => one(what.fill(text)),
    press: (key) => one(page.keyboard.press(key)),
    count: () => actions,
  };
};
