import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  askedFactor,
  ceremonyProblem,
  ceremonyTask,
  lockReason,
  notReady,
  type Picture,
  picture,
  refusal,
} from '#contract/screen.ts';
import { everyName, nameOf, sizes } from './camera.ts';
import { approvedFolder } from './gallery.ts';
import { badgePictures, lockPictures } from './pictures.ts';

const views = [...Object.entries(lockPictures(0)), ...Object.entries(badgePictures(0))];
const pictures = views.map(([, view]) => view.picture as Picture);
const kinds = picture.options.map((option) => option.shape.kind.value);
const shown = (choose: (one: Picture) => string | undefined): string[] =>
  [...new Set(pictures.map(choose).filter((one) => one !== undefined))].sort();
const sorted = (names: readonly string[]): string[] => [...names].sort();

describe('the pictures of the gallery', () => {
  for (const [name, view] of views) {
    test(`${name} is a picture that the guard may send`, () => {
      assert.deepEqual(picture.safeParse(view.picture).error?.issues ?? [], []);
    });
  }

  test('every kind of picture and every reason in one has its place', () => {
    assert.deepEqual(
      shown(({ kind }) => kind),
      sorted(kinds),
    );
    assert.deepEqual(
      shown((one) => (one.kind === 'not-ready' ? one.why : undefined)),
      sorted(notReady.options),
    );
    assert.deepEqual(
      shown((one) => (one.kind === 'refused' ? one.why : undefined)),
      sorted(refusal.options),
    );
    assert.deepEqual(
      shown((one) => (one.kind === 'secret' ? one.factor : undefined)),
      sorted(askedFactor.options),
    );
    assert.deepEqual(
      shown((one) => (one.kind === 'ceremony' ? one.task : undefined)),
      sorted(ceremonyTask.options),
    );
    assert.deepEqual(
      shown((one) => (one.kind === 'ceremony' ? one.problem : undefined)),
      sorted(ceremonyProblem.options),
    );
    assert.deepEqual(
      shown((one) => (one.kind === 'ready' && one.notice?.kind === 'locked' ? one.notice.why : undefined)),
      sorted(lockReason.options),
    );
  });

  for (const size of sizes) {
    test(`each has an approved one of ${nameOf(size)}, and nothing else is approved`, () => {
      assert.deepEqual(
        readdirSync(join(approvedFolder, nameOf(size))).sort(),
        everyName().map((name) => `${name}.png`),
      );
    });
  }
});
