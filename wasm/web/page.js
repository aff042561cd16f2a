// The page: its parts are put in place, and the laboratory is opened.

import { element, button } from './dom.js';
import { Lab } from './lab.js';
import { STAGES } from './stages.js';
import { mountPipeline } from './pipeline.js';
import { mountControls } from './controls.js';
import { mountBadge } from './badge.js';
import { mountPretrained } from './pretrained.js';
import { mountVote } from './vote.js';
import { mountReward } from './reward.js';
import { mountPpo } from './ppo.js';
import { mountCompare } from './compare.js';
import { mountTextbook } from './textbook.js';
import { mountFoot } from './presets.js';

const MOUNTS = { pretrained: mountPretrained, vote: mountVote, reward: mountReward, ppo: mountPpo, compare: mountCompare };
const at = (id) => document.getElementById(id);

const lab = new Lab();
mountPipeline(at('pipeline'), lab);
mountControls(at('controls'), lab);
mountBadge(at('badge'), lab);
mountTextbook(at('textbook'), lab);
mountFoot(at('foot'), lab);

const panels = new Map(STAGES.map(({ key, name }) => {
  const panel = element('section', { class: `panel ${key}`, 'aria-label': name });
  MOUNTS[key](panel, lab);
  return [key, panel];
}));
const stage = at('stage');
const trouble = element('div', { class: 'trouble', role: 'alert', hidden: true });
stage.replaceChildren(trouble, ...panels.values());

lab.on('stage', (state) => {
  const shown = panels.has(state.stage) ? state.stage : 'pretrained';
  document.body.dataset.shown = shown;
  for (const [key, panel] of panels) panel.hidden = key !== shown;
});
// After a pause the iteration that was under way still ends.
lab.on('busy', ({ busy }) => stage.setAttribute('aria-busy', String(busy)));
lab.on('caption', ({ caption }) => {
  at('caption').textContent = caption;
});
lab.on('error', ({ error }) => {
  trouble.hidden = error === null;
  trouble.replaceChildren(element('p', {}, error ?? ''), button('Close', () => lab.update({ error: null }), { class: 'quiet' }));
});

lab.open().catch((error) => lab.fail(error));

// Once loaded, the page works without a network; the worker also sends the headers that more threads need.
if ('serviceWorker' in navigator) {
  addEventListener('load', () => navigator.serviceWorker.register('service-worker.js').catch(() => {}));
}
