// A simulated visitor teaches the model its taste: gold on openings that were not trained on rises by at least 15 points.
// With β off the proxy rises further while gold does not keep up. A rule that the visitor writes is hacked.

import assert from 'node:assert/strict';
import test from 'node:test';
import { withBrowser, open, clean, goTo, golds, figures, simulate, train, until, settled, shot } from './harness.mjs';

test('gold rises by 15 points and no task of the main thread is long', { timeout: 100_000 }, () => withBrowser(async (at) => {
  const { page, watched } = await open(at);
  await simulate(page, 'happy', 60);
  await page.evaluate(() => longTasks.splice(0));
  await train(page, 20);
  const long = await page.evaluate(() => longTasks.filter(({ duration }) => duration > 50));
  const { before, after } = await golds(page);
  console.log(`happy endings: ${before} % → ${after} %; long tasks: ${JSON.stringify(long)}`);
  assert.ok(after >= before + 15, `${before} → ${after}`);
  assert.deepEqual(long, [], 'a task of the main thread took more than 50 ms');
  await shot(page, 'ppo');
  clean(watched);
}));

test('without β the proxy rises and gold falls', { timeout: 150_000 }, () => withBrowser(async (at) => {
  const { page, watched } = await open(at);
  await simulate(page, 'dialogue', 20);
  await train(page, 12);
  await page.click('#beta-off');
  await train(page, 13);
  const from = await figures(page);
  const best = Math.max(...from.map(({ gold }) => gold).filter(Number.isFinite));
  let rows = from;
  for (let iterations = 20; iterations <= 90 && !(rows.findLast(({ gold }) => Number.isFinite(gold)).gold <= best - 20); iterations += 10) {
    await train(page, iterations);
    rows = await figures(page);
  }
  const last = rows.findLast(({ gold }) => Number.isFinite(gold));
  console.log(`without β: proxy ${from.at(-1).proxy} → ${last.proxy}, gold ${best} % → ${last.gold} %, KL ${last.kl}`);
  assert.equal(last.beta, 0);
  assert.ok(last.proxy > from.at(-1).proxy, 'the proxy does not rise');
  assert.ok(last.gold <= best - 20, 'gold does not fall');
  await shot(page, 'without-beta');
  clean(watched);
}));

test('a rule is hacked: replies fill with what it pays for', { timeout: 100_000 }, () => withBrowser(async (at) => {
  const { page, watched } = await open(at, { hash: '#stage=reward&beta=0.01' });
  await page.fill('[aria-label="Text of line 1"]', '!');
  await page.check('#rule-on');
  await train(page, 1);
  const first = (await figures(page)).at(-1).proxy;
  await train(page, 40);
  const last = (await figures(page)).at(-1).proxy;
  console.log(`exclamation marks a reply: ${first} → ${last}`);
  assert.ok(last >= first + 1, `${first} → ${last}`);
  const marks = await page.$$eval('.samples .story', (list) => list.map((story) => story.textContent.split('!').length - 1));
  assert.ok(marks.reduce((sum, count) => sum + count, 0) >= marks.length, `${marks}`);
  await shot(page, 'hacked');
  clean(watched);
}));

test('slow motion walks through one update and lights each line', { timeout: 100_000 }, () => withBrowser(async (at) => {
  const { page, watched } = await open(at, { hash: '#rule=!:1' });
  await page.click('#slow');
  const lit = [];
  for (let step = 0; step < 8 && lit.at(-1) !== 'done'; step += 1) {
    await page.click('#step');
    await page.waitForFunction((before) => {
      const phase = document.querySelector('.code .lit')?.dataset.phase;
      return phase !== undefined && phase !== before;
    }, lit.at(-1));
    await settled(page);
    const phase = await page.getAttribute('.code .lit', 'data-phase');
    lit.push(phase);
    if (phase === 'advantage') await shot(page, 'slow-motion');
  }
  assert.deepEqual(lit.slice(0, 7), ['rollout', 'reward', 'kl', 'value', 'advantage', 'policy', 'critic']);
  assert.equal(lit.at(-1), 'done');
  await until(page, 'ppo', /^1 iteration/);
  clean(watched);
}));

test('watching tells the whole story in about a minute', { timeout: 150_000 }, () => withBrowser(async (at) => {
  const { page, watched } = await open(at);
  const start = Date.now();
  await page.click('#watch');
  await page.waitForSelector('[data-stage=compare][aria-current]', { timeout: 140_000 });
  await page.waitForFunction(() => document.getElementById('caption').textContent.startsWith('Before'), null, { timeout: 20_000 });
  const seconds = (Date.now() - start) / 1000;
  console.log(`${await page.textContent('#caption')} ${seconds.toFixed(0)} s`);
  const { before, after } = await golds(page);
  assert.ok(after >= before + 15, `${before} → ${after}`);
  await goTo(page, 'compare');
  await page.waitForSelector('.side .token');
  await shot(page, 'compare');
  clean(watched);
}));
