// The tastes that the page offers: the visitor's own, and those of the simulated visitors.

import { visitors, keywordVisitor, vote } from './visitors.js';

/** The visitor's own taste, which no function knows. */
const ME = { key: 'me', name: 'My own taste', sentence: 'You vote, and only you know what you like.' };

/** All tastes, the visitor's first; `keyword` is the word of the one that has a word. */
export const tastes = (keyword) => [ME, ...visitors, keywordVisitor(keyword)];

/** The taste named `key`; the visitor's own where there is none of that name. */
export const tasteOf = (key, keyword) => tastes(keyword).find((taste) => taste.key === key) ?? ME;

/** The name under which the votes of a taste are kept. */
export const bookOf = (key, keyword) => (key === 'keyword' ? `keyword ${keyword}` : key);

/** Ranks of `replies` as the simulated visitor `taste` votes: 1 is best. */
export const ranksOf = (taste, prompt, replies, random) => vote(taste, prompt, replies, random);
