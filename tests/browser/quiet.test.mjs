// What the page promises about itself: it can send nothing anywhere, it pauses while it is hidden, text is never markup.

import assert from 'node:assert/strict';
import test from 'node:test';
import { withBrowser, open, clean, goTo, now, until, settled } from './harness.mjs';

test('its own policy stops a request to another origin', () => withBrowser(async (at) => {
  const { page } = await open(at);
  const blocked = await page.evaluate(() => new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => resolve([effectiveDirective, blockedURI]), { once: true });
    fetch('https://example.org/votes', { method: 'POST', body: 'a vote' }).catch(() => {});
  }));
  assert.deepEqual(blocked, ['connect-src', 'https://example.org/votes']);
}));

test('it pauses while hidden, says so, and goes on', { timeout: 60_000 }, () => withBrowser(async (at) => {
  const { page, watched } = await open(at, { hash: '#rule=!:1' });
  await goTo(page, 'ppo');
  await page.click('#play');
  await until(page, 'ppo', /^[2-9] /);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  await page.waitForFunction(() => /paused: this tab is hidden/.test(document.querySelector('.badge .speed').textContent));
  const held = await now(page, 'ppo');
  await page.waitForTimeout(2500);
  assert.equal(await now(page, 'ppo'), held);
  await hide(false);
  const count = Number.parseInt(held, 10);
  await page.waitForFunction((least) => Number.parseInt(document.querySelector('[data-stage="ppo"] .now').textContent, 10) > least, count);
  assert.match(await page.textContent('#caption'), /paused while this tab was hidden/);
  await page.click('#play');
  await settled(page);
  clean(watched);
}));

test('text of a file or of a link is shown as text', () => withBrowser(async (at) => {
  const markup = '<img src=x onerror=document.title="broken">';
  const { page, watched } = await open(at, { hash: `#stage=reward&keyword=${encodeURIComponent(markup)}&taste=keyword&rule=${encodeURIComponent(encodeURIComponent(markup))}:1` });
  assert.equal(await page.inputValue('[aria-label="Text of line 1"]'), markup);
  await goTo(page, 'compare');
  const line = JSON.stringify({ prompt: markup, answers: [markup, 'no'], ranks: [1, 2] });
  await page.setInputFiles('#import-votes', { name: 'votes.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(`${line}\n`) });
  await page.waitForFunction(() => document.getElementById('caption').textContent !== '');
  for (const stage of ['vote', 'reward', 'ppo', 'compare']) await goTo(page, stage);
  assert.notEqual(await page.title(), 'broken');
  assert.equal(await page.$('img'), null);
  assert.deepEqual(watched.foreign, []);
}));
