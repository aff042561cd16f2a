// Stage 4: PPO while it runs. The four networks, the curve, and what the policy writes now.

import { element, button, figure } from './dom.js';
import { mountBoxes } from './boxes.js';
import { mountWalk } from './walk.js';
import { chart, chartTable } from './chart.js';
import { readable } from './typeset.js';
import { ENOUGH_VOTES } from './lab.js';
import { DEFAULTS } from './defaults.js';

export function mountPpo(root, lab) {
  const boxes = element('div', { class: 'boxes' });
  const walk = element('section', { class: 'walk', 'aria-label': 'Slow motion' });
  const plot = element('div', { class: 'plot' });
  const table = element('div');
  const samples = element('div', { class: 'samples' });
  const needs = element('p', { class: 'note' });
  const beta = button('', () => turnBeta(lab), { class: 'quiet', id: 'beta-off' });
  root.append(
    element('h2', {}, 'Practice'),
    element('p', { class: 'lead' }, 'The model writes, the reward scores, and what scored well becomes more likely. Press play.'),
    needs, boxes, walk,
    element('div', { class: 'split wide' },
      element('div', {}, plot,
        element('div', { class: 'row' }, beta, element('span', { class: 'hint' }, 'β is the leash to the pretrained model. Without it the proxy rises, and gold may fall.')),
        element('details', { class: 'numbers' }, element('summary', {}, 'The figures as a table'), table)),
      element('div', {}, element('h3', {}, 'What it writes now'), samples)),
  );
  mountBoxes(boxes, lab);
  mountWalk(walk, lab);

  lab.on('fitted rule ready votes', (state) => {
    needs.hidden = lab.canTrain || !state.ready;
    needs.replaceChildren(`PPO needs a reward to follow. `, button('Vote', () => lab.update({ stage: 'vote' }), { class: 'link' }), ` ${ENOUGH_VOTES} times, or write a `, button('rule', () => lab.update({ stage: 'reward' }), { class: 'link' }), '.');
  });
  lab.on('beta', (state) => {
    beta.textContent = state.beta === 0 ? 'Turn β on again' : 'Turn β off';
    beta.setAttribute('aria-pressed', String(state.beta === 0));
  });
  lab.on('history runs shown base stage', ({ history, runs, shown, base, stage }) => {
    if (stage !== 'ppo') return;
    plot.replaceChildren(chart({ history, base, others: runs.filter(({ id }) => shown.includes(id)).map((run) => run.history) }));
    table.replaceChildren(chartTable(history));
  });
  lab.on('samples stage', (state) => {
    if (state.stage !== 'ppo') return;
    samples.replaceChildren(...(state.samples.length ? state.samples.slice(0, 5).map(({ prompt, text, score }) => element('p', { class: 'story small' },
      element('strong', { class: 'score' }, figure(score, 1)), element('span', { class: 'opening' }, readable(prompt)), ' ', readable(text)))
      : [element('p', { class: 'hint' }, 'Replies of the last iteration appear here with their scores.')]));
  });
}

let before = DEFAULTS.beta;

/** β to 0 and training on; or back to what it was. */
function turnBeta(lab) {
  if (lab.state.beta === 0) {
    lab.set({ beta: before });
    lab.say('β is on again: the policy is pulled back toward the pretrained model.');
    return;
  }
  before = lab.state.beta;
  lab.set({ beta: 0 });
  lab.say('β is off: nothing holds the policy near the pretrained model. Watch proxy and gold.');
  if (lab.canTrain && !lab.state.running && !lab.state.slow) lab.play();
}
