import type { Locator, Page } from 'playwright';

/** Somebody's hands at the console. Each click, each field that is filled or chosen from, each key is one action. */
export interface Counted {
  click(what: Locator): Promise<void>;
  fill(what: Locator, text: string): Promise<void>;
  /** From a list that unfolds. */
  choose(what: Locator, label: string): Promise<void>;
  press(key: string): Promise<void>;
  count(): number;
}

const count = (hands: Omit<Counted, 'count'>): Counted => {
  let actions = 0;
  const one = async (does: Promise<unknown>): Promise<void> => {
    actions += 1;
    await does;
  };
  return {
    click: (what) => one(hands.click(what)),
    fill: (what, text) => one(hands.fill(what, text)),
    choose: (what, label) => one(hands.choose(what, label)),
    press: (key) => one(hands.press(key)),
    count: () => actions,
  };
};

export const countHands = (page: Page): Counted =>
  count({
    click: (what) => what.click(),
    fill: (what, text) => what.fill(text),
    choose: async (what, label) => void (await what.selectOption({ label })),
    press: (key) => page.keyboard.press(key),
  });

/** More presses of one key than any page takes to get from its one end to the other. */
const most = 400;

/** The same without a pointer: everything is reached by Tab, radios and lists by arrows. The way there is no action. */
export const countKeys = (page: Page): Counted => {
  const until = async (key: string, arrived: () => Promise<boolean>, what: Locator): Promise<void> => {
    for (let presses = 0; !(await arrived()); presses += 1) {
      if (presses === most) throw new Error(`${key} does not lead to ${String(what)}`);
      await page.keyboard.press(key);
    }
  };
  /** Ends on it, or on another radio of its group. */
  const reach = async (what: Locator): Promise<void> => {
    // Nothing lies over it and it can be used: that holds for keys too.
    await what.click({ trial: true });
    // Found once: who walks there asks at each step.
    const found = await what.elementHandle();
    if (found === null) throw new Error(`${String(what)} is gone`);
    const isBefore = await found.evaluate(
      (element) =>
        ((document.activeElement ?? document.body).compareDocumentPosition(element) &
          Node.DOCUMENT_POSITION_PRECEDING) !==
        0,
    );
    const isThere = () =>
      found.evaluate((element) => {
        const { activeElement: here } = document;
        if (here === element) return true;
        if (!(here instanceof HTMLInputElement) || !(element instanceof HTMLInputElement)) return false;
        return here.type === 'radio' && here.name === element.name;
      });
    await until(isBefore ? 'Shift+Tab' : 'Tab', isThere, what);
  };
  return count({
    click: async (what) => {
      await reach(what);
      const type = await what.getAttribute('type');
      if (type === 'radio') {
        await until('ArrowDown', () => what.evaluate((element) => element === document.activeElement), what);
        // An arrow has chosen it; the first of a group waits for it.
        if (!(await what.isChecked())) await page.keyboard.press('Space');
      } else await page.keyboard.press(type === 'checkbox' ? 'Space' : 'Enter');
    },
    fill: async (what, text) => {
      await reach(what);
      await page.keyboard.press('Control+a');
      await page.keyboard.type(text);
    },
    choose: async (what, label) => {
      await reach(what);
      await page.keyboard.press('Home');
      await until('ArrowDown', async () => (await what.locator('option:checked').textContent()) === label, what);
    },
    press: (key) => page.keyboard.press(key),
  });
};
