// Work is kept: it survives a reload, goes out as files, and comes back from them. The page works without a network.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { withBrowser, open, clean, goTo, now, votes, simulate, train, figures } from './harness.mjs';

async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test('export, reload, import', { timeout: 100_000 }, () => withBrowser(async (at) => {
  const { page, profile, watched } = await open(at);
  await simulate(page, 'dialogue', 20);
  await train(page, 4);
  const before = { votes: await votes(page), reward: await now(page, 'reward'), ppo: await now(page, 'ppo'), figures: await figures(page) };
  await goTo(page, 'compare');
  const kept = await download(page, '#export-votes');
  assert.equal(kept.name, 'votes.jsonl');
  const lines = kept.bytes.toString().trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.length >= 15, `${lines.length} lines`);
  const reward = await download(page, '#export-reward');
  assert.ok(reward.bytes.length > 0);

  await page.reload();
  await page.waitForFunction(() => document.getElementById('play') && !document.getElementById('play').disabled);
  assert.deepEqual({ votes: await votes(page), reward: await now(page, 'reward'), ppo: await now(page, 'ppo'), figures: await figures(page) }, before);
  assert.equal(await page.inputValue('#taste'), 'dialogue');

  // Another visitor, who has no votes yet, takes them over.
  const other = await open(at);
  await goTo(other.page, 'compare');
  await other.page.setInputFiles('#import-votes', { name: 'votes.jsonl', mimeType: 'application/jsonl', buffer: kept.bytes });
  await other.page.waitForFunction(() => /votes were added/.test(document.getElementById('caption').textContent));
  const again = await download(other.page, '#export-votes');
  assert.deepEqual(again.bytes.toString(), kept.bytes.toString());

  // A file that is none is refused with a reason, and nothing is lost.
  const held = await votes(other.page);
  await other.page.setInputFiles('#import-votes', { name: 'votes.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from('{"prompt": 3}\n') });
  await other.page.waitForFunction(() => !/votes were added/.test(document.getElementById('caption').textContent));
  assert.equal(await votes(other.page), held);
  clean(watched);
  await profile.close();
}));

test('a link carries the settings', () => withBrowser(async (at) => {
  const { page, profile, watched } = await open(at, { hash: '#stage=reward&taste=short&beta=0.04&temperature=0.7&rule=!:2,cake:-1' });
  assert.equal(await page.inputValue('#taste'), 'short');
  assert.equal(await page.getAttribute('[data-stage=reward]', 'aria-current'), 'step');
  assert.equal(await page.textContent('output[for=slider-beta]'), '0.040');
  assert.equal(await page.inputValue('[aria-label="Text of line 2"]'), 'cake');
  await goTo(page, 'ppo');
  const link = await page.evaluate(() => location.href);
  const copy = await open(at, { context: profile, hash: new URL(link).hash });
  assert.equal(await copy.page.getAttribute('[data-stage=ppo]', 'aria-current'), 'step');
  assert.equal(await copy.page.inputValue('[aria-label="Points of line 2"]'), '-1');
  clean(watched);
}));

test('once loaded it works without a network', () => withBrowser(async (at) => {
  const { page, profile } = await open(at);
  await page.evaluate(() => navigator.serviceWorker.ready);
  // The first visit is served before there is a service worker; the second one fills what it keeps.
  await page.reload();
  await page.waitForFunction(() => document.getElementById('play') && !document.getElementById('play').disabled);
  await profile.setOffline(true);
  await page.reload();
  await page.waitForFunction(() => document.getElementById('play') && !document.getElementById('play').disabled);
  assert.ok(await page.evaluate(() => crossOriginIsolated));
}));
