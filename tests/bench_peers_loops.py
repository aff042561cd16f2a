"""PyTorch on the loops over the tokens of a batch, as reference code writes them; one thread, f32. Run by
tests/bench_peers beside the peers' scripts.

    python bench_peers_loops.py
"""
import sys

sys.path.insert(0, "")
from bench_common import *
import torch

torch.set_num_threads(1)
torch.manual_seed(1)
RESPONSES, NEW = 1 << 14, 64
TOKENS = RESPONSES * NEW
numbers = lambda *shape: torch.rand(*shape) * 2 - 1
mask = torch.ones(TOKENS, dtype=torch.bool)
rewards, values = numbers(RESPONSES, NEW), numbers(RESPONSES, NEW + 1)
now, before, target = numbers(TOKENS).requires_grad_(), numbers(TOKENS), numbers(TOKENS)


def advantages():
    last, out = 0, []
    for t in reversed(range(NEW)):
        last = rewards[:, t] + values[:, t + 1] - values[:, t] + 0.95 * last
        out.append(last)
    found = torch.stack(out[::-1], dim=1)
    returns = found + values[:, :NEW]
    kept = found.flatten()[mask]
    return (found - kept.mean()) * torch.rsqrt(kept.var() + 1e-8), returns


def losses():
    ratio = torch.exp(now - before)
    policy = torch.max(-target * ratio, -target * ratio.clamp(0.8, 1.2))
    now.grad = None
    ((policy * mask).sum() / TOKENS).backward()
    clipped = torch.max(torch.min(now, before + 0.2), before - 0.2)
    value = torch.max((now - target) ** 2, (clipped - target) ** 2)
    now.grad = None
    (0.5 * (value * mask).sum() / TOKENS).backward()


runs = []
for what in (advantages, losses):
    seen = summ(timeit(what, 1, 5, 20), TOKENS)
    seen.update(what=what.__name__)
    print(what.__name__, line(seen), flush=True)
    runs.append(seen)
write("loops", {"meta": meta(), "runs": runs})
