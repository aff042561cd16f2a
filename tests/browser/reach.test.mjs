// Everyone can use it: axe finds nothing on any stage, in light and dark, on a desktop and a phone; the screenshots show it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test from 'node:test';
import { withBrowser, open, clean, goTo, until, shot, DESKTOP, PHONE } from './harness.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const STAGES = ['pretrained', 'vote', 'reward', 'ppo', 'compare'];

async function violations(page) {
  // The page's policy forbids inline scripts; the debugger's own evaluation is not the page's.
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
}

for (const [name, viewport, colorScheme] of [['desktop', DESKTOP, 'light'], ['dark', DESKTOP, 'dark'], ['phone', PHONE, 'light'], ['phone-dark', PHONE, 'dark']]) {
  test(`axe and a look: ${name}`, { timeout: 60_000 }, () => withBrowser(async (at) => {
    const { page, watched } = await open(at, { viewport, colorScheme, hash: '#rule=!:1', reducedMotion: 'reduce' });
    await goTo(page, 'ppo');
    await page.click('#play');
    await until(page, 'ppo', /^([4-9]|\d\d+) /);
    await page.click('#play');
    for (const box of await page.$$('.box .head')) await box.click();
    for (const stage of STAGES) {
      await goTo(page, stage);
      await page.waitForTimeout(700);
      assert.deepEqual(await violations(page), [], `${name}, ${stage}`);
      const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= shown, `${stage} is ${wide} pixels wide on a screen of ${shown}`);
      await shot(page, `${name}-${stage}`);
    }
    clean(watched);
  }));
}

test('the tab key reaches everything in order, and words show their figures', () => withBrowser(async (at) => {
  const { page, watched } = await open(at, { hash: '#stage=compare' });
  await page.waitForSelector('.side .token');
  const order = [];
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press('Tab');
    order.push(await page.evaluate(() => document.activeElement.closest('#pipeline, #controls, #stage, #textbook, #foot, #badge')?.id ?? document.activeElement.className));
  }
  const met = order.filter((id, at) => id !== order[at - 1] && id);
  assert.deepEqual(met.slice(0, 6), ['skip', 'badge', 'pipeline', 'controls', 'stage', 'textbook']);
  await page.focus('.side .token');
  assert.match(await page.textContent('#tip'), /log-ratio/);
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => [...document.querySelectorAll('.side .token')].indexOf(document.activeElement)), 1);
  clean(watched);
}));
