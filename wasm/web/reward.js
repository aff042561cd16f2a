// Stage 3: the reward model. How often it foresees votes, what it likes, and a rule to put in its place.

import { element, svg, button, percent, signed, figure } from './dom.js';
import { ENOUGH_VOTES } from './lab.js';
import { mountRule } from './rule.js';
import { readable, tokenized } from './typeset.js';
import { tokenLine } from './tokens.js';

export function mountReward(root, lab) {
  const accuracy = element('p', { class: 'big' });
  const meaning = element('p', { class: 'hint' });
  const curve = element('div', { class: 'curve' });
  const favorites = element('div', { class: 'favorites' });
  const likes = element('div', {}, element('h3', {}, 'What it likes'), favorites);
  const rule = element('section', { class: 'rule', 'aria-labelledby': 'rule-title' });
  const box = element('textarea', { id: 'own-text', rows: 2, maxlength: 240, spellcheck: 'false' });
  const reading = element('p', { class: 'story reading' });
  const read = button('Score it', () => readText(), { class: 'quiet' });

  async function readText() {
    const reply = tokenized(box.value);
    if (!reply) return;
    const prompt = lab.opening;
    try {
      const { tokens, reward } = await lab.trainer.inspect({ prompt, reply });
      reading.replaceChildren(tokenLine(tokens, [{ name: 'reward', values: reward }], 'reward'), element('strong', { class: 'score' }, reward.length ? signed(reward.at(-1)) : 'no reward model yet'));
    } catch (error) {
      reading.textContent = error.message;
    }
  }

  root.append(
    element('h2', {}, 'A model of your taste'),
    element('p', { class: 'lead' }, 'The reward model reads a story and gives it one number. It was fitted so that the stories which won a vote get more than those which lost.'),
    element('div', { class: 'split' }, element('div', {}, accuracy, meaning), curve),
    likes, element('div', { class: 'own' }, element('label', { for: 'own-text' }, 'Or write a story yourself, and see what each word does to its score'), box, read, reading),
    rule,
  );
  mountRule(rule, lab);

  let drawn = 0;
  lab.on('fit fits fitted votes running stage ready', async (state) => {
    const { fit, votes, fits } = state;
    const held = fit?.heldBackAccuracy;
    accuracy.textContent = !fit ? '–' : percent(held ?? fit.accuracy);
    meaning.textContent = !fit
      ? `It needs ${ENOUGH_VOTES} votes to begin with; there ${votes === 1 ? 'is' : 'are'} ${votes}.`
      : held != null ? `of ${fit.heldBackVotes} held-back votes foreseen. Half would be guessing. It learned from the other ${fit.votes - fit.heldBackVotes}.`
        : `of its own ${fit.votes} votes explained. A few more, and some are held back to test it.`;
    likes.hidden = curve.hidden = !fit;
    curve.replaceChildren(learningCurve(fits));
    if (state.stage !== 'reward' || state.running === 'fit' || !state.ready || state.fitted === 0 || drawn === state.fitted) return;
    drawn = state.fitted;
    await drawFavorites(favorites, lab);
  });
}

/** Held-back accuracy against the number of votes. */
function learningCurve(fits) {
  const points = fits.map(({ votes, heldBackAccuracy, accuracy }) => [votes, heldBackAccuracy ?? accuracy]);
  const most = Math.max(10, ...points.map(([votes]) => votes));
  const at = ([votes, share]) => `${(20 + (votes / most) * 270).toFixed(1)},${(92 - share * 80).toFixed(1)}`;
  const last = points.at(-1);
  return svg('svg', { viewBox: '0 0 320 112', role: 'img', 'aria-label': last ? `Accuracy over votes, now ${percent(last[1])} after ${last[0]} votes` : 'Accuracy over votes; no figures yet' },
    svg('line', { class: 'axis', x1: 20, y1: 92, x2: 300, y2: 92 }),
    svg('line', { class: 'guess', x1: 20, y1: 52, x2: 300, y2: 52 }), svg('text', { x: 24, y: 64 }, 'guessing'),
    svg('text', { x: 20, y: 107 }, 'votes'), svg('text', { x: 300, y: 107, 'text-anchor': 'end' }, String(most)),
    points.length > 1 ? svg('polyline', { class: 'line accent', points: points.map(at).join(' ') }) : null,
    last ? svg('circle', { class: 'point accent', cx: at(last).split(',')[0], cy: at(last).split(',')[1], r: 5 }) : null);
}

/** The best and the worst of some fresh stories of the pretrained model. */
async function drawFavorites(root, lab) {
  const scored = [];
  for (const prompt of lab.state.prompts.heldOut.slice(0, 8)) {
    for (const reply of await lab.trainer.generate({ prompt, count: 2, seed: 5, from: 'reference' })) {
      const { reward } = await lab.trainer.inspect({ prompt, reply: reply.text });
      scored.push({ prompt, text: reply.text, score: reward.at(-1) });
    }
  }
  scored.sort((a, b) => b.score - a.score);
  const column = (title, list) => element('div', {}, element('h4', {}, title), list.map(({ prompt, text, score }) => element('p', { class: 'story small' },
    element('strong', { class: 'score' }, figure(score, 1)), element('span', { class: 'opening' }, readable(prompt)), ' ', readable(text))));
  root.replaceChildren(column('most', scored.slice(0, 3)), column('least', scored.slice(-3).reverse()));
}
