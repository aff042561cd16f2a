// Simulated visitors: tastes that no model sees, for votes without a person and for measuring. Each has
// `gold(prompt, reply)`, from 0 to 1; replies are tokens with single spaces between them. `wasm/model/src/gold.rs`
// computes the same.

import words from './model/words.js';

const any = (text, list) => text.some((word) => list.includes(word));
const ends = (word) => word === '.' || word === '!';

/** How sentences are built: `{S}` and `{h}` are the hero, `{t}` a topic, `{m}` the mark at the end. */
const templates = words.sentences.map((sentence) => sentence.split(' '));

/** Where a sentence of this build ends that begins at `at`, or -1. */
function take(template, tokens, at) {
  for (const part of template) {
    const token = tokens[at] ?? '';
    if (part === '{S}') at += token === 'The' ? 2 : /^[A-Z]/.test(token) ? 1 : NaN;
    else if (part === '{h}') at += token === 'the' ? 2 : /^[A-Z]/.test(token) ? 1 : NaN;
    else if (part === '{t}' ? words.topics.includes(token) : part === '{m}' ? ends(token) : token === part) at += 1;
    else return -1;
    if (!(at <= tokens.length)) return -1;
  }
  return at;
}

/** A reply's tokens and its last sentence, or null where it is no story: it breaks off, a sentence is none, or is there twice. */
function story(reply) {
  const tokens = reply.split(' ').filter(Boolean);
  const told = new Set();
  let last = null;
  for (let at = 0; at < tokens.length;) {
    const found = templates.findIndex((template) => take(template, tokens, at) > 0);
    if (found < 0 || told.has(found)) return null;
    told.add(found);
    const end = take(templates[found], tokens, at);
    last = tokens.slice(at, end);
    at = end;
  }
  return last && { tokens, last };
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
 * The ranks that a visitor gives, 1 the best: Bradley–Terry of two replies, Plackett–Luce of more. Replies that please as much, to a
 * tenth, are ties. `random` returns a number in [0, 1) and is called once for each rank.
 */
export function vote(visitor, prompt, replies, random) {
  const golds = replies.map((reply) => Math.round(10 * visitor.gold(prompt, reply)));
  const levels = [...new Set(golds)].map((gold) => ({ gold, worth: (DECIDED * gold) / 10 - Math.log(-Math.log(Math.max(random(), 1e-12))) }));
  levels.sort((a, b) => b.worth - a.worth);
  return golds.map((gold) => 1 + levels.findIndex((level) => level.gold === gold));
}
