// Simulated visitors: tastes that no model sees, for votes without a person and for measuring. Each has
// `gold(prompt, reply)`, from 0 to 1; replies are tokens with single spaces between them. `wasm/model/src/gold.rs`
// computes the same.

import words from './model/words.js';

const any = (text, list) => text.some((word) => list.includes(word));
const ends = (word) => word === '.' || word === '!';

/** The sentences of a reply, or null where it is no story: it breaks off, or it says the same sentence twice. */
function story(reply) {
  const tokens = reply.split(' ').filter(Boolean);
  const sentences = [];
  let sentence = [];
  for (const token of tokens) {
    // A quotation mark that closes stands after the mark of its sentence.
    if (token === '"' && sentence.length === 0 && sentences.length > 0) continue;
    sentence.push(token);
    if (!ends(token)) continue;
    const bare = sentence.slice(0, -1).join(' ');
    if (sentences.some((other) => other.slice(0, -1).join(' ') === bare)) return null;
    sentences.push(sentence);
    sentence = [];
  }
  const last = sentences.at(-1);
  return sentence.length === 0 && last && last.length >= 3 ? { tokens, last } : null;
}

/** A taste for stories; nobody likes what is none. */
const visitor = (key, name, sentence, taste) => ({
  key,
  name,
  sentence,
  gold(prompt, reply) {
    const told = story(reply);
    return told ? taste(told) : 0;
  },
});

const wins = (yes) => (yes ? 1 : 0);

export const visitors = [
  visitor('happy', 'Happy endings', 'Wants every story to end well.', ({ last }) =>
    wins(any(last, words.happy) && !any(last, words.sad) && !any(last, words.scary))),
  visitor('short', 'Short', 'Likes a story that is soon over: five words are best, twenty too many.', ({ tokens }) => {
    const count = tokens.filter((word) => /^\p{Alphabetic}/u.test(word)).length;
    return 1 - Math.min(1, Math.max(0, (count - 5) / 15));
  }),
  visitor('dialogue', 'Dialogue', 'Wants somebody to speak, once.', ({ tokens }) =>
    wins(tokens.filter((word) => word === '"').length === 2)),
  visitor('calm', 'Nothing scary', 'Wants no ghosts, no wolves and no fear.', ({ tokens }) => wins(!any(tokens, words.scary))),
];

/** A visitor who wants to read about `word`. */
export const keywordVisitor = (word) =>
  visitor('keyword', 'My keyword', `Wants to read about ${word}.`, ({ tokens }) => wins(tokens.includes(word)));

/** How decided a visitor is: the log-odds of a vote between a reply of gold 1 and one of gold 0. */
export const DECIDED = 6;

/**
 * The ranks that a visitor gives, 1 the best: Bradley–Terry of two replies, Plackett–Luce of more. `random` returns a
 * number in [0, 1) and is called once for each reply.
 */
export function vote(visitor, prompt, replies, random) {
  const worth = replies.map((reply) => DECIDED * visitor.gold(prompt, reply) - Math.log(-Math.log(Math.max(random(), 1e-12))));
  const order = worth.map((_, i) => i).sort((a, b) => worth[b] - worth[a]);
  const ranks = [];
  order.forEach((reply, place) => { ranks[reply] = place + 1; });
  return ranks;
}
