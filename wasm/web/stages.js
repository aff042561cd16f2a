// The five stages of the page, in the order of the pipeline.

import { percent, figure } from './dom.js';

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

/** The gold of the last measured iteration. */
export const lastGold = (history) => history.findLast((point) => point.gold !== null)?.gold ?? null;

export const STAGES = [
  {
    key: 'pretrained', name: 'Pretrained',
    now: ({ info }) => (info ? `${Math.round(info.parameters / 1000)} thousand weights` : 'opening'),
    done: () => true,
  },
  {
    key: 'vote', name: 'Vote',
    now: ({ votes }) => plural(votes, 'vote'),
    done: ({ votes }) => votes > 0,
  },
  {
    key: 'reward', name: 'Reward model',
    now: ({ fit, rule, running }) => {
      if (rule) return 'your rule';
      if (running === 'fit') return 'learning …';
      if (!fit) return 'knows nothing yet';
      return fit.heldBackAccuracy == null ? `${percent(fit.accuracy)} of its votes` : `${percent(fit.heldBackAccuracy)} of held-back votes`;
    },
    done: ({ fit, rule }) => fit !== null || rule !== null,
  },
  {
    key: 'ppo', name: 'PPO',
    now: ({ iteration, running }) => (iteration === 0 ? 'not begun' : `${plural(iteration, 'iteration')}${running === 'ppo' ? ' …' : ''}`),
    done: ({ iteration }) => iteration > 0,
  },
  {
    key: 'compare', name: 'Compare',
    now: ({ base, history }) => {
      const gold = lastGold(history);
      if (gold !== null && base?.gold != null) return `${percent(base.gold)} → ${percent(gold)}`;
      return history.length ? `KL ${figure(history.at(-1).kl, 1)} nats` : 'before and after';
    },
    done: ({ iteration }) => iteration > 0,
  },
];
