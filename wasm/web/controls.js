// One corner with play, step, slow motion and reset; beside it the sliders, which act at once, and whose taste is taught.

import { element, svg, figure, scientific } from './dom.js';
import words from './model/words.js';
import { tastes } from './tastes.js';
import { slowStep, slowPlay } from './slow.js';

const SHAPES = {
  play: 'M8 5v14l11-7z',
  pause: 'M7 5h4v14H7zM13 5h4v14h-4z',
  step: 'M6 5v14l9-7zM16 5h3v14h-3z',
  slow: 'M4 15a7 6 0 0 1 14 0zM18 13c0-3 1-4 2.500-4s2 1 1.500 2.500S20 15 18 15zM6 16h3v3H6zM13 16h3v3h-3z',
  reset: 'M12 5a7 7 0 1 1-6.600 4.700l1.900.700A5 5 0 1 0 12 7v3L7 6l5-4z',
};

const icon = (shape) => svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d: SHAPES[shape] }));

/** Sliders: where on a scale of powers, or straight, between its ends. */
const SLIDERS = [
  { name: 'beta', label: 'β', hint: 'how strongly the policy is held near the pretrained model', min: 0, max: 1, step: 0.005, read: (v) => Number((2 * v * v).toPrecision(2)), write: (b) => Math.sqrt(b / 2), show: (b) => (b === 0 ? 'off' : figure(b, b < 0.1 ? 3 : 2)) },
  { name: 'temperature', label: 'Temperature', hint: 'how freely it picks its words', min: 0.2, max: 1.6, step: 0.05, read: Number, write: Number, show: (t) => figure(t, 2) },
  { name: 'rate', label: 'Learning rate', hint: 'how far one step of training goes', min: -5, max: -2, step: 0.05, read: (v) => Number((10 ** v).toPrecision(2)), write: Math.log10, show: scientific },
];

function slider(lab, { name, label, hint, min, max, step, read, write, show }) {
  const output = element('output', { for: `slider-${name}` });
  const input = element('input', {
    type: 'range', id: `slider-${name}`, min, max, step, 'aria-describedby': `hint-${name}`,
    oninput: () => lab.set({ [name]: read(Number(input.value)) }),
  });
  lab.on(name, (state) => {
    const value = state[name];
    if (document.activeElement !== input || Math.abs(read(Number(input.value)) - value) > 1e-9) input.value = write(value);
    output.textContent = show(value);
    input.setAttribute('aria-valuetext', show(value));
  });
  return element('div', { class: 'slider' },
    element('label', { for: `slider-${name}` }, label), output, input, element('span', { id: `hint-${name}`, class: 'hint' }, hint));
}

export function mountControls(root, lab) {
  const play = element('button', { type: 'button', class: 'round main', id: 'play' });
  const step = element('button', { type: 'button', class: 'round', id: 'step', 'aria-label': 'Step: one iteration', title: 'Step', onclick: () => (lab.state.slow ? slowStep(lab) : lab.play(1)) }, icon('step'));
  const slow = element('button', { type: 'button', class: 'round', id: 'slow', 'aria-label': 'Slow motion', title: 'Slow motion', onclick: () => toggleSlow(lab) }, icon('slow'));
  const reset = element('button', { type: 'button', class: 'round', id: 'reset', 'aria-label': 'Reset the policy', title: 'Reset', onclick: () => lab.reset() }, icon('reset'));
  play.addEventListener('click', () => press(lab));
  lab.on('running watching slow ready fitted rule', (state) => {
    const going = state.running === 'ppo' || state.running === 'walk' || state.watching;
    const label = going ? 'Pause' : 'Play: train by PPO';
    if (play.getAttribute('aria-label') !== label) {
      play.setAttribute('aria-label', label);
      play.title = going ? 'Pause' : 'Play';
      play.replaceChildren(icon(going ? 'pause' : 'play'));
    }
    slow.setAttribute('aria-pressed', String(state.slow));
    play.disabled = !state.ready;
    step.disabled = reset.disabled = !state.ready;
    step.setAttribute('aria-label', state.slow ? 'Step: to the next line' : 'Step: one iteration');
  });
  root.append(
    element('div', { class: 'buttons' }, play, step, slow, reset),
    element('details', { class: 'sliders', open: matchMedia('(min-width: 60rem)').matches },
      element('summary', {}, 'Settings'), element('div', {}, SLIDERS.map((one) => slider(lab, one)))),
    tastePicker(lab),
  );
}

function press(lab) {
  const { running, watching, slow } = lab.state;
  if (running === 'ppo' || running === 'walk' || watching) return lab.pause();
  if (!lab.canTrain) {
    lab.update({ stage: 'vote' });
    return lab.say('PPO needs a reward first: vote six times, choose a simulated visitor, or write a rule.');
  }
  if (lab.state.stage !== 'compare') lab.update({ stage: 'ppo' });
  return slow ? slowPlay(lab) : lab.play();
}

function toggleSlow(lab) {
  if (lab.state.slow) return lab.leaveSlow();
  lab.pause();
  lab.update({ slow: true, stage: 'ppo' });
  lab.say('Slow motion: play walks through one update of PPO, line by line; step goes to the next line.');
}

function tastePicker(lab) {
  const select = element('select', { id: 'taste', onchange: () => lab.setTaste(select.value) });
  // Words that the model knows and that turn up by themselves now and then: others could never be rewarded.
  const word = element('select', { id: 'keyword', 'aria-label': 'The keyword', onchange: () => lab.setTaste('keyword', word.value) },
    words.topics.map((topic) => element('option', { value: topic }, topic)));
  lab.on('taste keyword', ({ taste, keyword }) => {
    if (!select.options.length) select.append(...tastes(keyword).map(({ key, name }) => element('option', { value: key }, name)));
    select.value = taste;
    word.hidden = taste !== 'keyword';
    word.value = keyword;
  });
  return element('div', { class: 'taste' }, element('label', { for: 'taste' }, 'Whose taste'), select, word);
}
