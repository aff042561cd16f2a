// Stage 5: the same opening and the same seed, before and after, each word colored by a figure.

import { element, button, percent } from './dom.js';
import { MEASURES, tokenLine } from './tokens.js';
import { readable } from './typeset.js';
import { mountBlind } from './blind.js';
import { mountRuns } from './runs.js';
import { mountFiles } from './files.js';
import { lastGold } from './stages.js';

export function mountCompare(root, lab) {
  const verdict = element('p', { class: 'verdict' });
  const prompt = element('select', { id: 'prompt', onchange: () => lab.update({ prompt: Number(prompt.value) }) });
  const seed = element('output', { class: 'seed' });
  const before = element('div', { class: 'side' });
  const after = element('div', { class: 'side after' });
  const meaning = element('p', { class: 'hint' });
  const colors = element('fieldset', { class: 'colors' }, element('legend', {}, 'Color by'), Object.entries(MEASURES).map(([key, { name }]) =>
    element('label', {}, element('input', { type: 'radio', name: 'color', value: key, onchange: () => lab.update({ color: key }) }), ` ${name}`)));
  const runs = element('section', { class: 'runs', 'aria-labelledby': 'runs-title' });
  const blind = element('section', { class: 'blind', 'aria-labelledby': 'blind-title' });
  const files = element('section', { class: 'files', 'aria-labelledby': 'files-title' });
  root.append(
    element('h2', {}, 'Before and after'), verdict,
    element('div', { class: 'row field' }, element('label', { for: 'prompt' }, 'Opening'), prompt,
      element('span', { class: 'seeds' }, 'seed ', seed, button('another seed', () => lab.update({ seed: lab.state.seed + 1 }), { class: 'quiet', id: 'another-seed' }))),
    element('div', { class: 'pair' }, before, after), colors, meaning, blind, runs, files);
  mountBlind(blind, lab);
  mountRuns(runs, lab);
  mountFiles(files, lab);

  lab.on('base history taste', ({ base, history }) => {
    const gold = lastGold(history);
    verdict.replaceChildren(...(base?.gold != null && gold !== null
      ? [element('span', { class: 'big' }, percent(base.gold)), ' → ', element('span', { class: 'big gold' }, percent(gold)), element('span', {}, ` of what it writes is what “${lab.visitor.name}” wants`)]
      : [history.length ? 'The left is the pretrained model, the right is yours. Only you can say which is better.' : 'Both sides are the same until the model has practiced.']));
  });
  let asked = 0;
  let drawn = '';
  lab.on('ready stage prompt seed color history running temperature', async (state) => {
    if (!state.ready || state.stage !== 'compare') return;
    if (!prompt.options.length) prompt.append(...lab.openings.map((text, at) => element('option', { value: at }, readable(text))));
    prompt.value = state.prompt;
    seed.textContent = state.seed;
    for (const radio of colors.querySelectorAll('input')) radio.checked = radio.value === state.color;
    meaning.textContent = `Color: ${MEASURES[state.color]?.sentence ?? ''}. Hover over a word, or use the tab and arrow keys, for the figures.`;
    // While PPO runs, every fifth iteration is enough.
    const key = [state.prompt, state.seed, state.color, state.temperature, state.running ? Math.floor(state.iteration / 5) : `at ${state.iteration}`].join();
    if (key === drawn) return;
    drawn = key;
    asked += 1;
    const mine = asked;
    const { opening } = lab;
    const sides = await Promise.all([side(lab, opening, 'reference', 'Before'), side(lab, opening, 'policy', 'After')]).catch((error) => lab.fail(error));
    if (!sides || mine !== asked) return;
    before.replaceChildren(...sides[0]);
    after.replaceChildren(...sides[1]);
  });
}

async function side(lab, prompt, from, title) {
  const { seed, temperature, color } = lab.state;
  const [reply] = await lab.trainer.generate({ prompt, count: 1, seed, from, temperature });
  const figures = await lab.trainer.inspect({ prompt, reply: reply.text });
  const columns = Object.keys(MEASURES).map((name) => ({ name, values: figures[name] }));
  const { gold } = lab.visitor;
  const liked = gold ? element('span', { class: 'liked' }, `gold ${percent(gold(prompt, reply.text))}`) : null;
  return [element('h3', {}, title, ' ', liked), element('p', { class: 'story' }, element('span', { class: 'opening' }, readable(prompt)), ' ', tokenLine(figures.tokens, columns, color))];
}
