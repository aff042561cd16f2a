// The visitor votes by keyboard, mouse and touch, and the reward model learns as the votes come in.

import assert from 'node:assert/strict';
import test from 'node:test';
import { withBrowser, open, clean, goTo, votes, until, now, PHONE } from './harness.mjs';

const stories = (page) => page.$$eval('.card .story', (cards) => cards.map((card) => card.textContent));

/** Presses `key` and waits for the next question. */
async function press(page, key) {
  const before = await votes(page);
  await page.keyboard.press(key);
  await until(page, 'vote', new RegExp(`^${before + 1} vote`));
  await page.waitForFunction(() => document.querySelectorAll('.card:not(.chosen)').length >= 2);
}

test('votes by keyboard: numbers, arrows, space; the reward model learns', () => withBrowser(async (at) => {
  const { page, watched } = await open(at, { hash: '#stage=vote' });
  await page.waitForSelector('.card');
  const [left, right] = await stories(page);
  assert.notEqual(left, right);
  for (const key of ['1', '2', 'ArrowLeft', 'ArrowRight', ' ', '1']) await press(page, key);
  assert.equal(await votes(page), 6);
  await until(page, 'reward', /%/);
  assert.match(await now(page, 'reward'), /\d+ %/);
  assert.match(await page.textContent('.vote [role=status]'), /Vote 6 is kept/);
  clean(watched);
}));

test('a ranking of four, with a step back', () => withBrowser(async (at) => {
  const { page, watched } = await open(at, { hash: '#stage=vote&replies=4' });
  await page.waitForFunction(() => document.querySelectorAll('.card').length === 4);
  for (const key of ['3', '1', 'Backspace', '2']) await page.keyboard.press(key);
  assert.deepEqual(await page.$$eval('.card', (cards) => cards.map((card) => card.dataset.rank ?? '')), ['', '2', '1', '']);
  await press(page, '4');
  await goTo(page, 'compare');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#export-votes')]);
  const text = await (await import('node:fs/promises')).readFile(await download.path(), 'utf8');
  assert.ok(text.trim().split('\n').every((line) => JSON.parse(line)));
  clean(watched);
}));

test('votes by touch on a phone', () => withBrowser(async (at) => {
  const { page, watched } = await open(at, { hash: '#stage=vote', viewport: PHONE, hasTouch: true, isMobile: true });
  await page.waitForSelector('.card');
  await page.tap('.card:nth-child(2)');
  await until(page, 'vote', /^1 vote/);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the phone');
  clean(watched);
}));

test('a vote that was cast just before the tab died is there afterwards', () => withBrowser(async (at) => {
  const { page, profile } = await open(at, { hash: '#stage=vote' });
  await page.waitForSelector('.card');
  for (const key of ['1', '2', '1']) await press(page, key);
  await page.close();
  const again = await open(at, { context: profile });
  assert.equal(await votes(again.page), 3);
}));
