"""Seconds of PyTorch on the loops of `work.rs`, as reference code writes them; one thread, f32."""
import time, torch

torch.set_num_threads(1)
torch.manual_seed(1)
TOKENS, LONGEST = 1 << 20, 512


def median(once, n=15):
    def timed():
        start = time.perf_counter()
        once()
        return time.perf_counter() - start

    once()
    return sorted(timed() for _ in range(n))[n // 2]


new = (torch.rand(TOKENS) - 2.5).requires_grad_()
old, advantages = torch.rand(TOKENS) - 2.5, torch.rand(TOKENS) * 2 - 1
mask = torch.rand(TOKENS) < 0.9


def policy_loss():
    ratio = torch.exp(new - old)
    losses = torch.max(-advantages * ratio, -advantages * ratio.clamp(0.8, 1.2))
    loss = (losses * mask).sum() / TOKENS
    new.grad = None
    loss.backward()
    with torch.no_grad():
        drift = (new - old) * mask
        return loss, drift.mean(), 0.5 * (drift**2).mean(), (ratio * mask).mean()


def value_loss():
    kept = torch.max(torch.min(new, old + 0.2), old - 0.2)
    losses = torch.max((new - advantages) ** 2, (kept - advantages) ** 2)
    new.grad = None
    (0.5 * (losses * mask).sum() / TOKENS).backward()


# Padded to the longest, half of it padding, as lengths run from 1 to it.
rows = 2 * TOKENS // LONGEST
rewards, values = torch.rand(rows, LONGEST), torch.rand(rows, LONGEST)


def gae():
    last, out = 0, []
    for t in reversed(range(LONGEST)):
        after = values[:, t + 1] if t + 1 < LONGEST else 0.0
        last = rewards[:, t] + 0.99 * after - values[:, t] + 0.99 * 0.95 * last
        out.append(last)
    adv = torch.stack(out[::-1], dim=1)
    return adv, adv + values


for name, once in [("policy loss", policy_loss), ("value loss", value_loss), ("GAE, advantages and returns", gae)]:
    print(f"{name}\t{median(once)}")
